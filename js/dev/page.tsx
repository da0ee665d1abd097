// The development page: the widget on a fake kernel. `?scene=…&theme=dark&width=1100`; see SCENES.
import widget from "../src/index";
import type { ControlTraits, State } from "../src/protocol";
import { byte, type Experiment, experiment, FakeKernel, offering } from "./fake";

/** A repeatable random number, so that pictures can be compared. */
function dice(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 1664525 + 1013904223) % 2 ** 32;
    return state / 2 ** 32;
  };
}

function broken(cells: number, done: number, seed = 7): Uint8Array {
  const random = dice(seed);
  return Uint8Array.from({ length: cells }, (_, cell) => {
    if (cell > done) return byte("never_run");
    const roll = random();
    if (roll < 0.03) return byte("task_failed");
    if (roll < 0.036) return byte("scoring_failed");
    if (roll < 0.044) return byte("scores_missing");
    return byte(roll < 0.05 ? "interrupted" : "completed");
  });
}

const whole = (cells: number) => new Uint8Array(cells).fill(byte("completed"));

const others = (): Experiment[] => [
  experiment("e2", "claude-haiku · ifbench strict", 294, 3, broken(882, 512, 3)),
  experiment("e3", "baseline prompt B", 1000, 1, broken(1000, 998, 5), { dataset: "support-faq" }),
  experiment("e4", "baseline prompt A", 1000, 1, whole(1000), { dataset: "support-faq" }),
  experiment("e5", "judge ablation", 196, 3, whole(588)),
  experiment("e6", "retriever k=8", 200, 2, broken(400, 212), { dataset: "kb-questions" }),
  experiment("e7", "retriever k=4", 200, 2, whole(400), { dataset: "kb-questions" }),
  experiment("e8", "smoke", 20, 1, whole(20)),
  experiment(
    "e9",
    "a very long name of an experiment that cannot possibly fit",
    40,
    1,
    broken(40, 30),
  ),
];

const first = (items: number, trials: number, done: number): Experiment =>
  experiment("e1", "gpt-5-mini · ifbench strict", items, trials, broken(items * trials, done));

function uneven(): Experiment {
  const runs = Uint16Array.from({ length: 150 }, (_, item) => 1 + ((item * 7) % 5));
  const cells = runs.reduce((sum, n) => sum + n, 0);
  const made = experiment("e1", "uneven trials", 150, 5, broken(cells, 400), { uniform: false });
  return { ...made, runs };
}

function offered(): Experiment {
  const metrics = [
    { variable: "keywords", name: "keywords" },
    { variable: "word_count", name: "word_count" },
    { variable: "judge", name: "g_eval_metric" },
  ];
  const tasks = ["recorded_answer", "live_answer", "answer"];
  return offering(first(294, 3, 740), tasks, metrics);
}

/** The task is not what made the kept runs, and runs tell what they cost. */
function changed(): FakeKernel {
  const made = first(294, 3, 740);
  const drift = "answer has changed since 739 of 882 runs were made (its source)";
  const plan = { ...made.plan, drift, differs: true, priced: true };
  return new FakeKernel([{ ...made, plan: { ...plan, cost: [0.38, 0.46] } }, ...others()]);
}

const SPAN = { error: null, model: null, tokens: null, cost: null, input: { item: "…" } };

/** On a server: rows not read yet, a run with its trace, finished runs that are not delivered. */
function remote(): FakeKernel {
  const rows = [first(294, 3, 740), ...others()];
  for (const each of rows.slice(2, 5)) {
    each.row = {
      ...each.row,
      done: null,
      failed: 0,
      state: each === rows[4] ? "unread" : "reading",
    };
  }
  const made = new FakeKernel(rows, {
    remote: true,
    store: "Opik at opik.example.com:5173, workspace evaluation-team",
  });
  const error = { type: "RateLimitError", message: "429 Too Many Requests", traceback: "…" };
  made.methods.details = () => [
    {
      details: {
        input: null,
        tokens: 1204,
        cost: 0.0031,
        url: "https://opik.example.com/",
        spans: [
          {
            ...SPAN,
            id: "1",
            depth: 0,
            name: "answer",
            kind: "general",
            after: 0,
            seconds: 1.9,
            output: null,
            error,
          },
          {
            ...SPAN,
            id: "2",
            depth: 1,
            name: "retrieve documents",
            kind: "tool",
            after: 0,
            seconds: 0.2,
            output: ["a", "b"],
          },
          {
            ...SPAN,
            id: "3",
            depth: 1,
            name: "responses.create",
            kind: "llm",
            after: 0.2,
            seconds: 1.7,
            output: null,
            error,
            model: "gpt-5-mini-2026-05",
            tokens: 1204,
            cost: 0.0031,
          },
          {
            ...SPAN,
            id: "4",
            depth: 0,
            name: "metrics_calculation",
            kind: "general",
            after: 1.9,
            seconds: 0.003,
            output: null,
          },
          {
            ...SPAN,
            id: "5",
            depth: 1,
            name: "keywords",
            kind: "general",
            after: 1.9,
            seconds: null,
            output: null,
          },
        ],
      },
    },
  ];
  made.progress = {
    ...made.progress,
    undelivered: {
      waiting: 12,
      refused: 2,
      words: ["Trace id must be a version 7 UUID"],
      problem:
        "Opik at opik.example.com:5173, workspace evaluation-team cannot be reached ([Errno 111] Connection refused).",
    },
  };
  return made;
}

/** What their strips have to tell: a few failures among many, one among a million, an outage, an interruption. */
function strips(): FakeKernel {
  const random = dice(5);
  const of = (cells: number, state: (cell: number) => State) =>
    Uint8Array.from({ length: cells }, (_, cell) => byte(state(cell)));
  const rarely = (share: number) => () => (random() < share ? "task_failed" : "completed");
  const outage = (cell: number) => (cell > 400 && cell < 480 ? "task_failed" : "completed");
  return new FakeKernel(
    Object.entries({
      "1.5 % failed": of(100_000, rarely(0.015)),
      "10 % failed": of(100_000, rarely(0.1)),
      "half failed": of(100_000, rarely(0.5)),
      "one of a million": of(1_000_000, (cell) => (cell === 654_321 ? "task_failed" : "completed")),
      "an outage": of(1000, outage),
      interrupted: broken(1000, 612),
      "scores missing": of(5000, (cell) => (cell % 3 ? "completed" : "scores_missing")),
      "few runs": broken(40, 30),
    }).map(([name, states], at) => experiment(`e${at}`, name, states.length, 1, states)),
  );
}

const SCENES: Record<string, () => FakeKernel> = {
  browser: () => new FakeKernel([first(294, 3, 740), ...others()]),
  one: () => new FakeKernel([first(1000, 1, 800), ...others()]),
  many: () => new FakeKernel([first(20000, 1, 15000), ...others()]),
  huge: () => new FakeKernel([first(100000, 10, 900000), ...others()]),
  thirty: () => new FakeKernel([first(10_000, 3, 26_000), ...others()]),
  single: () => new FakeKernel([first(1, 1, -1), ...others()]),
  fifty: () => new FakeKernel([first(50, 3, 130), ...others()]),
  twelve: () => new FakeKernel([first(12, 1, 9), ...others()]),
  small: () => new FakeKernel([first(20, 1, 14), ...others()]),
  complete: () => new FakeKernel([experiment("e1", "done", 60, 3, whole(180)), ...others()]),
  uneven: () => new FakeKernel([uneven(), ...others()]),
  offers: () => new FakeKernel([offered(), ...others()]),
  changed,
  remote,
  strips,
  empty: () => new FakeKernel([]),
  run: () => new FakeKernel([first(294, 3, 740)], { mode: "run", selected: "e1" }),
};

/** Plays a resume: a patch every 60 ms until nothing is left or Stop is pressed. */
function play(kernel: FakeKernel, own: boolean): void {
  const left: number[] = [];
  kernel.current?.states.forEach((state, cell) => {
    if (state !== byte("completed")) left.push(cell);
  });
  const total = left.length;
  const random = dice(11);
  let [done, failed, running] = [0, 0, [] as number[]];
  kernel.changed();
  const start = { active: true, outcome: null, stopping: false, done, total, failed, own };
  kernel.patch(
    left.slice(0, 64),
    left.slice(0, 64).map(() => byte("queued")),
    start,
  );
  const timer = setInterval(() => {
    const ended = running;
    running = left.splice(0, 8);
    const queued = left.slice(0, 56);
    const states = ended.map(() => byte(random() < 0.1 ? "task_failed" : "completed", true));
    failed += states.filter((state) => (state & 7) === byte("task_failed")).length;
    done += ended.length;
    const over = !running.length || kernel.progress.stopping;
    kernel.patch(
      [...ended, ...running, ...queued],
      [...states, ...running.map(() => byte("running")), ...queued.map(() => byte("queued"))],
      {
        done,
        failed,
        rate: 12.4,
        seconds_left: left.length / 12.4,
        ...(over && { active: false, outcome: kernel.progress.stopping ? "stopped" : "finished" }),
      },
    );
    if (over) clearInterval(timer);
    if (over) kernel.changed();
  }, 60);
}

const asked = new URLSearchParams(location.search);
const kernel = SCENES[asked.get("scene") ?? "browser"]();
kernel.methods.resume = () => {
  queueMicrotask(() => play(kernel, true));
  return [{}];
};
kernel.methods.stop = () => {
  kernel.progress = { ...kernel.progress, stopping: true };
  return [{}];
};

document.body.dataset.jpThemeLight = String(asked.get("theme") !== "dark");
const el = document.createElement("div");
el.style.width = `${asked.get("width") ?? 1100}px`;
document.body.append(el);
await widget.render({
  model: kernel.control.as<ControlTraits>(),
  el,
  signal: new AbortController().signal,
  host: kernel.host,
});
if (kernel.control.traits.mode === "run") {
  kernel.busy = true;
  kernel.key();
  play(kernel, false);
}
