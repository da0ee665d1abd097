// A kernel that is not there: answers the requests of docs/protocol.md and plays a resume on the feed.
// Used by the development page and by the tests.
import type { AnyModel } from "@anywidget/types";
import { lineOf } from "../src/heatmap/drawing/strip";
import {
  type Along,
  type Cell,
  type Comparison,
  type ControlTraits,
  type Facts,
  type Group,
  type Head,
  type Method,
  type Part,
  type PastAttempt,
  type Plan,
  type Progress,
  REPLAYED,
  type Row,
  type Scale,
  STATES,
  type State,
  stateOf,
  type Terms,
  type What,
} from "../src/protocol";

type Listener = (...args: never[]) => void;
type Request = { kind: "request"; id: number; method: Method; params: Record<string, unknown> };

/** As much of a Lumino signal as the widget uses. */
export class FakeSignal<T> {
  private slots = new Set<(sender: unknown, value: T) => void>();
  connect(slot: (sender: unknown, value: T) => void): void {
    this.slots.add(slot);
  }
  disconnect(slot: (sender: unknown, value: T) => void): void {
    this.slots.delete(slot);
  }
  emit(value: T): void {
    for (const slot of [...this.slots]) slot(this, value);
  }
  get connected(): number {
    return this.slots.size;
  }
}

/** As much of an anywidget model as the widget uses. */
export class FakeModel<T extends Record<string, unknown>> {
  /** As JupyterLab has it; other hosts have no kernel there. */
  widget_manager: {
    kernel?: { statusChanged: FakeSignal<string>; disposed: FakeSignal<void> };
    get_model?: (id: string) => Promise<{ comm_live: boolean }>;
  } = {
    kernel: { statusChanged: new FakeSignal<string>(), disposed: new FakeSignal<void>() },
  };
  readonly sent: Request[] = [];
  nudges = 0;
  answer: (request: Request) => void = () => {};
  private listeners = new Map<string, Set<Listener>>();

  constructor(readonly traits: T) {}

  as<M extends Record<string, unknown> = T>(): AnyModel<M> {
    return this as unknown as AnyModel<M>;
  }

  get(name: keyof T) {
    return this.traits[name];
  }

  on(event: string, listener: Listener): void {
    this.listeners.set(event, (this.listeners.get(event) ?? new Set()).add(listener));
  }

  off(event: string, listener: Listener): void {
    this.listeners.get(event)?.delete(listener);
  }

  send(message: Request | { kind: "nudge" }): void {
    if (message.kind === "nudge") {
      this.nudges++;
      return;
    }
    this.sent.push(message);
    this.answer(message);
  }

  set(name: keyof T, value: T[keyof T]): void {
    this.traits[name] = value;
    this.emit(`change:${String(name)}`);
  }

  emit(event: string, ...args: unknown[]): void {
    for (const listener of [...(this.listeners.get(event) ?? [])]) listener(...(args as never[]));
  }

  listening(): number {
    return [...this.listeners.values()].reduce((sum, set) => sum + set.size, 0);
  }
}

export const view = (typed: Uint8Array | Uint32Array | Uint16Array): DataView =>
  new DataView(typed.buffer, typed.byteOffset, typed.byteLength);

export const byte = (state: State, replayed = false): number =>
  STATES.indexOf(state) | (replayed ? REPLAYED : 0);

export interface Experiment {
  row: Row;
  head: Head;
  plan: Plan;
  states: Uint8Array;
  runs: Uint16Array | null;
}

export function experiment(
  id: string,
  name: string,
  items: number,
  trials: number,
  states: Uint8Array,
  more: Partial<Head> = {},
): Experiment {
  const of = (state: State) => states.filter((each) => stateOf(each) === state).length;
  const failed = of("task_failed") + of("scoring_failed");
  const run = of("never_run") + failed + of("interrupted");
  const done = of("completed") + of("scores_missing");
  const left = run + of("scores_missing");
  const head: Head = {
    id,
    name,
    dataset: "ifbench",
    version: "v3",
    created_at: new Date(Date.now() - 2 * 3600e3).toISOString(),
    state: left ? "resumable" : "complete",
    items,
    trials,
    cells: states.length,
    uniform: true,
    newest_first: true,
    note: null,
    ...more,
  };
  const plan: Plan = {
    id: `plan-${id}`,
    run,
    score: of("scores_missing"),
    kept: done,
    left: 0,
    limits: { max_runs: null, max_seconds: null, max_failures: null, max_cost: null },
    priced: false,
    differs: false,
    seconds: [run * 1.1, run * 1.2],
    threads: 16,
    cost: null,
    task: "answer",
    metrics: ["keywords", "words"],
    offered: { tasks: [], metrics: [] },
    chosen: { task: null, metrics: [] },
    obstacle: null,
    drift: null,
  };
  const made = { head, plan, states, runs: null };
  const scores = states.length > 2000 ? [] : scalesOf({ ...made, row: head as never });
  const expected = states.length;
  const row: Row = { ...head, done, expected, failed, scores, reason: null, strip: [0, 0] };
  return { row, ...made };
}

/** As after a restart of the kernel: what the notebook defines is offered, and no task is chosen. */
export function offering(
  made: Experiment,
  tasks: string[],
  metrics: Plan["offered"]["metrics"],
): Experiment {
  const chosen = { task: null, metrics: metrics.slice(0, 2).map(({ variable }) => variable) };
  const offered = { tasks, metrics };
  const plan = {
    task: null,
    metrics: chosen.metrics,
    offered,
    chosen,
    obstacle: "Choose the task.",
  };
  return { ...made, plan: { ...made.plan, ...plan } };
}

export const IDLE: Progress = {
  active: false,
  stopping: false,
  outcome: null,
  message: null,
  done: 0,
  total: 0,
  failed: 0,
  abandoned: 0,
  note: null,
  rate: null,
  seconds_left: null,
  own: true,
  undelivered: null,
  problem: null,
  summary: null,
};

export class FakeKernel {
  readonly control: FakeModel<ControlTraits>;
  readonly feed = new FakeModel<Record<string, unknown>>({});
  progress: Progress = IDLE;
  busy = false;
  private seq = 0;
  private waiting: Request[] = [];

  constructor(
    readonly experiments: Experiment[],
    traits: Partial<ControlTraits> = {},
  ) {
    const all = {
      feed: "anywidget:feed",
      mode: "browser",
      store: "local store",
      selected: "",
      rectangles: [],
      memory: {},
    };
    this.control = new FakeModel({ ...all, remote: false, ...traits } as ControlTraits);
    this.control.answer = (request) => {
      if (this.busy) this.waiting.push(request);
      else queueMicrotask(() => this.reply(request));
    };
  }

  get host() {
    const feed = this.feed.as();
    return { getModel: async () => feed as never, getWidget: () => Promise.reject(new Error()) };
  }

  get current(): Experiment | undefined {
    return this.experiments.find((each) => each.row.id === this.control.traits.selected);
  }

  free(): void {
    this.busy = false;
    for (const request of this.waiting.splice(0)) this.reply(request);
  }

  key(): void {
    const now = this.current;
    if (!now) return;
    this.keyOf(view(now.states), "bytes", now);
  }

  /** A key frame of the current experiment, coded elsewhere. */
  keyOf(cells: DataView, coding: "bytes" | "runs", now = this.current): void {
    if (!now) return;
    const buffers = [cells, ...(now.runs ? [view(now.runs)] : [])];
    this.say({ kind: "key", coding, head: now.head, progress: this.progress }, buffers);
  }

  patch(cells: number[], states: number[], progress: Partial<Progress> = {}): void {
    const now = this.current;
    if (!now) return;
    cells.forEach((cell, at) => {
      now.states[cell] = states[at];
    });
    this.progress = { ...this.progress, ...progress };
    const buffers = [view(Uint32Array.from(cells)), view(Uint8Array.from(states))];
    this.say({ kind: "patch", experiment: now.row.id, progress: this.progress }, buffers);
  }

  changed(...what: What[]): void {
    this.say({ kind: "changed", what: what.length ? what : ["list", "plan"] });
  }

  /** From now on nothing is answered, and sending is an error, as on a comm that was disposed of. */
  vanish(): void {
    this.control.answer = () => {
      throw new Error("Cannot send");
    };
  }

  /** As if a message was lost on its way. */
  lose(): void {
    this.seq++;
  }

  /** What each method does; tests replace single ones. */
  methods: Record<Method, (params: Record<string, unknown>) => [result: unknown, ...DataView[]]> = {
    hello: () => [{}],
    list: (params) => this.list(params),
    look: () => [{}],
    details: () => [{ details: null }],
    open: ({ experiment }) => {
      const found = this.find(experiment);
      if (found.row.id !== this.control.traits.selected) this.control.set("rectangles", []);
      this.control.set("selected", found.row.id);
      queueMicrotask(() => this.key());
      return [{ head: found.head, plan: found.plan }];
    },
    plan: ({ experiment, ...terms }) => [{ plan: planOf(this.find(experiment), terms) }],
    drift: () => [{ diff: "--- answer\n+++ answer\n-    return a\n+    return <b>b</b>" }],
    compare: ({ experiment, by }) => compared(this.find(experiment), String(by)),
    beside: ({ other, cell }) => [{ run: look(this.find(other), Number(cell)) }],
    choose: ({ experiment, task, metrics }) => {
      const found = this.find(experiment);
      const chosen = { task, metrics } as Plan["chosen"];
      found.plan = { ...found.plan, chosen, obstacle: task ? null : "Choose the task." };
      return [{ plan: found.plan }];
    },
    facts: ({ experiment, cell }) => [factsOf(look(this.find(experiment), Number(cell)))],
    scales: ({ experiment }) => {
      const of = this.find(experiment);
      const priced = of.plan.priced ? ["cost", "tokens"] : [];
      const several = of.head.trials > 1 ? ["disagreement"] : [];
      const measures = ["duration", "attempts", ...priced, ...several];
      return [{ scales: scalesOf(of), measures, fields: of.head.items > 2 ? ["category"] : [] }];
    },
    plane: ({ experiment, by }) => planeOf(this.find(experiment), String(by)),
    order: ({ experiment, by }) => orderOf(this.find(experiment), String(by)),
    find: ({ experiment, text }) => foundIn(this.find(experiment), String(text)),
    select: ({ experiment, runs, followed }) => {
      if (!followed) this.control.set("rectangles", runs as ControlTraits["rectangles"]);
      return [{ scales: scalesOf(this.find(experiment)) }];
    },
    groups: ({ experiment }) => groupsOf(this.find(experiment).states),
    keep: ({ cell }) => [{ name: `item_${Math.floor(Number(cell) / 2)}` }],
    cell: ({ experiment, cell }) => [look(this.find(experiment), Number(cell))],
    remember: (params) => {
      this.control.set("memory", params as ControlTraits["memory"]);
      return [{}];
    },
    resume: () => [{}],
    stop: () => [{}],
    snapshot: () => {
      queueMicrotask(() => this.key());
      return [{}];
    },
  };

  private find(id: unknown): Experiment {
    const found = this.experiments.find((each) => each.row.id === id);
    if (!found) throw new Error(`There is no experiment ${id}.`);
    return found;
  }

  private list(params: Record<string, unknown>): [unknown, DataView] {
    const [search, offset, limit] = [
      String(params.search),
      Number(params.offset),
      Number(params.limit),
    ];
    const found = this.experiments.filter(({ row }) => row.name.includes(search));
    if (params.sort === "name") found.sort((a, b) => a.row.name.localeCompare(b.row.name));
    const page = found.slice(offset, offset + limit);
    const strips = page.map((each) =>
      each.row.done === null ? new Uint8Array(0) : squeeze(each.states),
    );
    let start = 0;
    const rows = page.map((each, at) => {
      const strip: [number, number] = [start, strips[at].length];
      start += strips[at].length;
      return { ...each.row, strip };
    });
    const all = Uint8Array.from(strips.flatMap((strip) => [...strip]));
    return [{ store: this.control.traits.store, total: found.length, rows }, view(all)];
  }

  private reply({ id, method, params }: Request): void {
    try {
      const [result, ...buffers] = this.methods[method](params);
      this.control.emit("msg:custom", { kind: "reply", id, ok: true, result }, buffers);
    } catch (error) {
      const told = { type: "ExperimentNotFound", message: (error as Error).message };
      this.control.emit("msg:custom", { kind: "reply", id, ok: false, error: told }, []);
    }
  }

  private say(message: Record<string, unknown>, buffers: DataView[] = []): void {
    this.feed.emit("msg:custom", { ...message, seq: ++this.seq }, buffers);
  }
}

/** The strip of a row: its line, run-length coded. */
function squeeze(states: Uint8Array): Uint8Array {
  const { bytes, lengths } = lineOf(states);
  const pairs = bytes.flatMap((byte, at) => {
    const share = (lengths[at] * LINE) / states.length;
    let left = states.length <= LINE ? lengths[at] : Math.max(1, Math.round(share));
    const cut: number[] = [];
    for (; left > 0; left -= 256) cut.push(byte, Math.min(256, left) - 1);
    return cut;
  });
  return Uint8Array.from(pairs);
}

/** As long as a line of the kernel's. */
const LINE = 6000;

const TRACEBACK = `Traceback (most recent call last):
  File "/tmp/ipykernel_7/1234.py", line 9, in answer
    reply = client.responses.create(model=MODEL, input=item["prompt"])
  File "client.py", line 212, in create
    raise RateLimitError(response.status_code, response.text)
RateLimitError: 429 Too Many Requests: tokens per min. Retry after 12 s`;

const openai = (line: number, name: string, code: string) => ({
  place: `site-packages/openai/client.py, line ${line}`,
  name,
  code,
});

const STACK: Part[] = [
  {
    package: null,
    frames: [
      {
        place: "cell [4], line 9",
        name: "answer",
        code: 'reply = client.responses.create(model=MODEL, input=item["prompt"])\n',
      },
    ],
  },
  {
    package: "openai",
    frames: [
      openai(88, "create", "return self._post(path, body=body)\n"),
      openai(154, "_post", "return self._request(options)\n"),
      openai(212, "_request", "raise RateLimitError(response.status_code, response.text)\n"),
    ],
  },
];

function look(of: Experiment, cell: number): Cell {
  const state = stateOf(of.states[cell]);
  const item = Math.floor(cell / of.head.trials);
  const failed = state === "task_failed" || state === "scoring_failed";
  const missing = state === "scores_missing";
  const done = state === "completed" || missing;
  return {
    cell,
    item_id: `0190a6c2-7d1e-7b3f-9c54-${String(item).padStart(12, "0")}`,
    position: item,
    trial: cell % of.head.trials,
    state,
    item: {
      prompt:
        "Write a limerick about a lighthouse.\nUse exactly five lines and avoid the letter q.",
      keywords: ["lighthouse", "sea"],
      words: { least: 20, most: 60 },
      reference: "There once was a lamp on a rock\nthat ran by a wind-driven clock …",
    },
    output: done
      ? { output: "There once was a light on a rock\nthat ran by a wind-driven clock …" }
      : null,
    scores: done
      ? [
          { name: "keywords", value: 1, reason: "2 of 2 keywords", failed: false },
          {
            name: "words",
            value: missing ? null : 0.8333333,
            reason: missing ? "ValueError: no words in the reply" : "31 words",
            failed: missing,
          },
        ]
      : [],
    error: failed
      ? {
          type: "RateLimitError",
          message: "429 Too Many Requests: tokens per min. Retry after 12 s",
          traceback: TRACEBACK,
          stack: STACK,
        }
      : null,
    attempts: failed ? 2 : Number(state !== "never_run"),
    seconds: state === "never_run" || state === "queued" ? null : 1.9,
    started_at: null,
    notes: [],
    prints: done || failed ? `asking gpt-5-mini about item ${item + 1}\n` : null,
    tries: [],
    history: failed
      ? [again(state, false, 1), again("interrupted", true, 90)]
      : done
        ? [again(state, false, 5)]
        : [],
  };
}

/** One group a kind of trouble, of the tasks that failed three. */
function groupsOf(states: Uint8Array): [unknown, DataView] {
  const found = new Map<string, [Omit<Group, "count" | "cells">, number[]]>();
  states.forEach((each, cell) => {
    const group = groupOf(stateOf(each), cell);
    if (!group) return;
    const [, cells] = found.get(group.group) ?? [group, []];
    found.set(group.group, [group, [...cells, cell]]);
  });
  const sorted = [...found.values()].sort(([, one], [, other]) => other.length - one.length);
  let start = 0;
  const groups = sorted.map(([group, cells]) => {
    start += cells.length;
    return { ...group, count: cells.length, cells: [start - cells.length, cells.length] };
  });
  return [
    { groups, total: groups.length },
    view(Uint32Array.from(sorted.flatMap(([, cells]) => cells))),
  ];
}

const KINDS: readonly [type: string, message: string][] = [
  ["RateLimitError", "429 Too Many Requests: tokens per min. Limit <number>, used <number>"],
  ["KeyError", "<value>"],
  ["RateLimitError", "429 Too Many Requests: tokens per min. Limit <number>, used <number>"],
  ["TimeoutError", "request <id> timed out after <number> s"],
];

function groupOf(state: State, cell: number): Omit<Group, "count" | "cells"> | null {
  const made = (kind: Group["kind"], metric: string | null, type: string, message: string) => ({
    kind,
    metric,
    type,
    message,
    group: type ? `${type}: ${message}` : message,
  });
  if (state === "task_failed") return made("task", null, ...KINDS[cell % KINDS.length]);
  if (state === "scoring_failed") return made("scoring", null, "ScoringError", "no such judge");
  if (state === "scores_missing") return made("metric", "words", "ValueError", "no words");
  return state === "interrupted" ? made("interrupted", null, "", "stopped while running") : null;
}

function factsOf({ cell, state, item, error, scores, seconds }: Cell): Facts {
  const run = seconds !== null;
  return {
    cell,
    state,
    item: String((item as { prompt: string }).prompt.split("\n")[0]),
    error: error?.type ?? null,
    scores: scores.map(({ name, value }) => ({ name, value: value as number | null })),
    seconds,
    cost: run ? 0.0031 : null,
    tokens: run ? 1204 : null,
  };
}

const METRICS = ["keywords", "words"];

/** Values that look like scores: some items are harder than others. */
function valuesOf({ states, head }: Experiment, by: string): Uint8Array {
  return states.map((each, cell) => {
    const state = stateOf(each);
    const missing = by === "score:words" && state === "scores_missing";
    if ((state !== "completed" && state !== "scores_missing") || missing) return 255;
    const hard = (Math.floor(cell / head.trials) * 7919) % 101;
    return Math.min(254, Math.max(0, Math.round(hard * 2.2 + ((cell * 31) % 40) - 10)));
  });
}

const there = (values: Uint8Array) => [...values].filter((value) => value < 255);
const meanOf = (values: Uint8Array) => ({
  mean: there(values).length
    ? there(values).reduce((sum, value) => sum + value / 254, 0) / there(values).length
    : null,
  error: 0.02,
  n: there(values).length,
});

function scalesOf(of: Experiment): Scale[] {
  return METRICS.map((name) => ({
    by: `score:${name}`,
    name,
    ...meanOf(valuesOf(of, `score:${name}`)),
  })).filter(({ n }) => n);
}

const ENDS: Readonly<Record<string, { low: number; high: number }>> = {
  cost: { low: 0.0004, high: 0.031 },
  tokens: { low: 210, high: 12_400 },
  duration: { low: 0.4, high: 31 },
};

/** From the lowest to the highest of each item. */
function disagreement({ head: { trials } }: Experiment, values: Uint8Array): Uint8Array {
  return values.map((_, cell) => {
    const first = cell - (cell % trials);
    const known = there(values.subarray(first, first + trials));
    return known.length < 2 ? 255 : Math.max(...known) - Math.min(...known);
  });
}

function planeOf(of: Experiment, by: string): [Along, DataView] {
  const apart = by.startsWith("disagreement");
  const values = apart ? disagreement(of, valuesOf(of, by)) : valuesOf(of, by);
  const score = by.startsWith("score:");
  const ends = ENDS[by] ?? { low: 0, high: 1 };
  return [{ by, ...ends, worst: score ? "low" : "high", ...meanOf(values) }, view(values)];
}

const CATEGORIES = ["arithmetic", "code", "instruction following and its kin", null];

/** In groups of unlike sizes. */
function grouped({ head: { items } }: Experiment, by: string): [unknown, DataView] {
  const of = (item: number) => Math.min(3, Math.floor(((item * 7919) % 97) / 28));
  const all = Array.from({ length: items }, (_, item) => item);
  const parts = CATEGORIES.map((_, group) => all.filter((item) => of(item) === group));
  const groups = CATEGORIES.map((name, group) => [name, parts[group].length]);
  return [{ by, groups: groups.filter(([, size]) => size) }, view(Uint32Array.from(parts.flat()))];
}

function orderOf(of: Experiment, by: string): [unknown, DataView] {
  if (by.startsWith("field:")) return grouped(of, by);
  const values = valuesOf(of, by);
  const { items, trials } = of.head;
  const key = Array.from({ length: items }, (_, item) => {
    const cells = [...values.subarray(item * trials, (item + 1) * trials)];
    const failed = [...of.states.subarray(item * trials, (item + 1) * trials)];
    if (by === "failures") return -failed.filter((each) => (each & 7) > 3).length;
    const known = cells.filter((value) => value < 255);
    return known.length ? known.reduce((sum, value) => sum + value, 0) / known.length : 999;
  });
  const order = Uint32Array.from({ length: items }, (_, item) => item).sort(
    (one, other) => key[one] - key[other] || one - other,
  );
  return [{ by }, view(order)];
}

/** As if the text of each item were its number. */
function foundIn(of: Experiment, text: string): [unknown, DataView] {
  const items = Array.from({ length: of.head.items }, (_, item) => item);
  const found = Uint32Array.from(items.filter((item) => String(item + 1).includes(text)));
  return [{ text, total: found.length }, view(found)];
}
const again = (state: State, older: boolean, minutes: number): PastAttempt => ({
  state,
  error: state.endsWith("failed") ? "RateLimitError: 429 Too Many Requests: tokens per min" : null,
  seconds: older ? null : 1.9,
  started_at: new Date(Date.now() - minutes * 60e3).toISOString(),
  shown: !older,
});

/** As much of `only` as is chosen without knowing the items. */
function planOf({ plan, states }: Experiment, terms: Partial<Terms>): Plan {
  const { only, threads, limits } = terms;
  const of = (state: State) => states.filter((each) => stateOf(each) === state).length;
  const failed = of("task_failed") + of("scoring_failed");
  const all = { run: plan.run, score: plan.score };
  let some = only ? { run: 1, score: 0 } : all;
  if (only === "failed") some = { run: failed, score: 0 };
  if (only === "scores_missing") some = { run: 0, score: plan.score };
  const left = all.run + all.score - some.run - some.score;
  return {
    ...plan,
    ...some,
    left,
    id: only ? `${plan.id}-${JSON.stringify(only)}` : plan.id,
    threads: threads ?? plan.threads,
    limits: { ...plan.limits, ...limits },
  };
}

function compared({ states }: Experiment, by: string): [Comparison, DataView, DataView] {
  const done = (cell: number) => ["completed", "scores_missing"].includes(stateOf(states[cell]));
  const cells = states.map((_, cell) => (done(cell) ? [1, 1, 2, 1, 0][(cell * 7) % 5] : 255));
  const order = Uint32Array.from({ length: states.length }, (_, item) => item);
  const mean = (value: number) => ({ mean: value, error: 0.02, n: 240 });
  const result = {
    by,
    shared: ["score:keywords", "score:words"],
    better: 41,
    same: 187,
    worse: 12,
    mean: mean(0.74),
    other_mean: mean(0.71),
    difference: { mean: 0.03, error: 0.009, n: 240 },
    only_here: 3,
    only_there: 0,
  };
  return [result, view(cells), view(order)];
}
