import { expect, test } from "vitest";
import { experiment, IDLE } from "../../dev/fake";
import {
  age,
  boundsLine,
  cellLine,
  deliveryLines,
  doneOf,
  duration,
  durations,
  type Phrase,
  planPhrases,
  price,
  progressLine,
  refusedLine,
  resumeLabel,
  rowState,
  size,
  waitingLine,
  webAddress,
} from "../../src/base/words";
import type { Cell, Plan } from "../../src/protocol";

const { plan, head, row } = experiment("e", "name", 294, 3, new Uint8Array(882));
const say = (phrases: Phrase[]) => phrases.map((phrase) => phrase.flat().join("")).join(" · ");
const planned = (more: Partial<Plan>): Plan => ({ ...plan, ...more });

test("the plan in words", () => {
  expect(say(planPhrases(planned({ run: 141, score: 12, seconds: [170, 190] })))).toBe(
    "141 runs, 12 scores · task answer · metrics keywords, words",
  );
  const bare = planned({ run: 1, score: 0, seconds: null, task: null, metrics: [] });
  expect(say(planPhrases(bare))).toBe("1 run");
  expect(say(planPhrases(planned({ run: 0, score: 1, seconds: null, task: null })))).toBe(
    "1 score · metrics keywords, words",
  );
  expect(say(planPhrases(planned({ run: 0, score: 0, kept: 882 })))).toBe(
    "nothing left to run, 882 kept",
  );
});

test("what it takes and costs is a range", () => {
  const say2 = (more: Partial<Plan>) =>
    say(planPhrases(planned({ run: 9, score: 0, task: null, metrics: [], ...more })));
  expect(durations([110, 250])).toBe("2 to 4 min");
  expect(durations([20, 70])).toBe("1 min");
  expect(durations([0, 0.4])).toBe("1 s");
  expect(durations([1800, 9000])).toBe("1 to 3 h");
  expect(say2({ cost: [0.2, 0.354] })).toBe("9 runs · about $0.20 to $0.35");
  expect(say2({ cost: [0, 0.0031] })).toBe("9 runs · about $0.00 to $0.0031");
  expect(say2({ cost: [2, 2] })).toBe("9 runs · about $2.00");
});

test("the bounds of a resume are said where they are set", () => {
  const { limits } = plan;
  expect(boundsLine(planned({ threads: 1 }))).toBe("1 thread");
  expect(
    boundsLine(planned({ threads: 4, limits: { ...limits, max_runs: 10, max_seconds: 90 * 60 } })),
  ).toBe("4 threads, at most 10 runs, 2 h");
  expect(boundsLine(planned({ limits: { ...limits, max_failures: 1, max_cost: 0.5 } }))).toBe(
    "16 threads, at most 1 failure, $0.50",
  );
});

test("the end is summed up, and what stopped it comes first", () => {
  const summary = { kept: 850, replayed: 31, repaired: 0, missing: 2, cost: 0.08 };
  const ended = { ...IDLE, outcome: "finished" as const, done: 33, failed: 2, summary };
  expect(progressLine(ended)).toBe(
    "finished: 850 kept, 31 replayed, 2 still missing · $0.08, 2 failed",
  );
  const limited = {
    ...ended,
    outcome: "limited" as const,
    message: "10 runs started (max_runs=10)",
  };
  expect(progressLine(limited)).toBe(
    "10 runs started (max_runs=10); 850 kept, 31 replayed, 2 still missing · $0.08",
  );
  expect(progressLine({ ...ended, summary: null })).toBe("finished: 33 runs, 2 failed");
});

test("the button says exactly what it will do", () => {
  expect(resumeLabel(null)).toBe("▸ Resume");
  expect(resumeLabel(planned({ run: 1 }))).toBe("▸ Resume 1 run");
  expect(resumeLabel(planned({ run: 1410, score: 12 }))).toBe("▸ Resume 1,410 runs and score 12");
  expect(resumeLabel(planned({ run: 0, score: 12 }))).toBe("▸ Score 12 runs");
  expect(resumeLabel(planned({ run: 0, score: 0, kept: 0 }))).toBe("Complete");
  const none = { run: 0, score: 0, obstacle: "There is nothing to run." };
  expect(resumeLabel(planned({ ...none, kept: 882 }))).toBe("Complete");
  expect(resumeLabel(planned({ ...none, kept: 0 }))).toBe("▸ Resume");
});

test("progress while it runs and at its end", () => {
  const at = { ...IDLE, active: true, done: 34, total: 141 };
  expect(progressLine(null)).toBe("");
  expect(progressLine(IDLE)).toBe("");
  expect(progressLine(at)).toBe("34 of 141");
  expect(progressLine({ ...at, done: 0, total: 0 }), "nothing is known of it yet").toBe("");
  expect(progressLine({ ...at, rate: 12.44, seconds_left: 118 })).toBe(
    "34 of 141 · 12.4 runs/s · about 2 min left",
  );
  expect(progressLine({ ...at, note: "backing off 12 s, 4 of 16 at work" })).toBe(
    "34 of 141 · backing off 12 s, 4 of 16 at work",
  );
  expect(progressLine({ ...at, stopping: true })).toBe("stopping: 34 of 141");
  const ended = { ...at, active: false, done: 141, failed: 3 };
  expect(progressLine({ ...ended, outcome: "finished" })).toBe("finished: 141 runs, 3 failed");
  expect(progressLine({ ...ended, outcome: "stopped", done: 60, failed: 0, abandoned: 2 })).toBe(
    "stopped: 60 of 141; 2 still running are recorded if they arrive",
  );
  expect(progressLine({ ...ended, outcome: "stopped", done: 60, abandoned: 1 })).toBe(
    "stopped: 60 of 141, 3 failed; 1 still running is recorded if it arrives",
  );
  const note = "2 cells were left out: 2 × no longer missing.";
  expect(progressLine({ ...ended, outcome: "finished", note })).toBe(
    `finished: 141 runs, 3 failed; ${note}`,
  );
  expect(progressLine({ ...ended, outcome: "stopped", done: 60, failed: 0, note })).toBe(
    `stopped: 60 of 141; ${note}`,
  );
  const message = "3 runs started (max_runs=3); 17 not started. Resume runs the rest";
  expect(progressLine({ ...ended, outcome: "limited", message })).toBe(message);
  expect(progressLine({ ...ended, outcome: "waiting", message: "waiting 1 min" })).toBe(
    "waiting 1 min",
  );
  expect(progressLine({ ...ended, outcome: "broken", message: "disk full" })).toBe(
    "broken: disk full",
  );
});

test("times, sizes and states", () => {
  expect([0.2, 40, 170, 5400, 7200, 200_000].map(duration)).toEqual([
    "1 s",
    "40 s",
    "3 min",
    "2 h",
    "2 h",
    "2 days",
  ]);
  expect(age("2026-01-01T10:00:00Z", Date.parse("2026-01-01T12:00:00Z"))).toBe("2 h ago");
  expect(age("2026-01-01T10:00:00Z", Date.parse("2026-01-01T10:00:20Z"))).toBe("just now");
  expect(age("never", 0)).toBe("");
  expect(size(head)).toBe("294 items × 3 trials");
  expect(size({ ...head, items: 1, trials: 1, uniform: false })).toBe("1 item × up to 1 trial");
  expect(rowState({ ...row, state: "not_resumable", failed: 2 })).toBe("not resumable, 2 failed");
});

test("a cell in one line", () => {
  const cell = { state: "task_failed", seconds: 1.9, attempts: 2 } as Cell;
  expect(cellLine(cell)).toBe("task failed after 1.9 s · attempt 2");
  expect(cellLine({ ...cell, seconds: null, attempts: 1 })).toBe("task failed");
  expect(cellLine({ ...cell, seconds: 0.004, attempts: 1 })).toBe("task failed after 0.004 s");
  const again = { ...cell, state: "running" } as Cell;
  expect(cellLine(again), "what is known is of the one before").toBe(
    "running · attempt 2 is shown",
  );
  expect(cellLine({ ...again, attempts: 0, seconds: null })).toBe("running");
  expect(cellLine(again, "interrupted")).toBe("interrupted · attempt 2 is shown");
});

test("what a server does not have yet, in one line", () => {
  const some = { waiting: 12, refused: 0, words: [], problem: null };
  expect(waitingLine(some, "Opik at host")).toBe(
    "12 finished runs are kept here and still to be delivered to Opik at host",
  );
  expect(waitingLine({ ...some, waiting: 1, problem: "Opik at host is down." }, "Opik")).toBe(
    "1 finished run is kept here and still to be delivered: Opik at host is down.",
  );
  expect(waitingLine({ ...some, waiting: 0 }, "Opik")).toBe("");
  expect(refusedLine(some)).toBe("");
  expect(refusedLine({ ...some, refused: 2, words: ["bad id", "too long"] })).toBe(
    "2 finished runs were refused by the server (bad id · too long). They are kept here; evaluate_resume(…).to_pandas() exports them.",
  );
  const ended = { ...IDLE, active: true, done: 2, total: 2, rate: 1, seconds_left: 0 };
  expect(progressLine({ ...ended, undelivered: some })).toBe("2 of 2 · being delivered");
});

test("the reason is in sight, not the name of the server once more", () => {
  const name = "Opik at host, workspace demo";
  const undelivered = { waiting: 1, refused: 0, words: [], problem: `${name} cannot be reached.` };
  expect(deliveryLines({ ...IDLE, undelivered }, name)).toEqual([
    "",
    "1 finished run is kept here and still to be delivered: Opik cannot be reached.",
  ]);
  const problem = `${name} cannot be reached.`;
  expect(deliveryLines({ ...IDLE, problem }, name)).toEqual(["", problem]);
  expect(deliveryLines(null, name)).toEqual(["", ""]);
});

test("a row that is not known says about how many runs it has", () => {
  expect(doneOf(3, 1036)).toBe("3/1,036");
  expect(doneOf(null, 1036)).toBe("≈ 1,036 runs");
  expect(doneOf(null, 0)).toBe("");
  expect(rowState({ ...row, state: "unread", done: null })).toBe("unread");
});

test("what a run took", () => {
  expect(price(1204, 0.00312)).toBe("1,204 tokens · $0.0031");
  expect(price(1, 12.5)).toBe("1 token · $12.50");
  expect(price(null, null)).toBe("");
  expect(price(0, 0)).toBe("");
});

test("only addresses of the web become links", () => {
  expect(webAddress("https://opik.example.com/a?b=c")).toBe("https://opik.example.com/a?b=c");
  expect(webAddress("http://127.0.0.1:5173/x")).toBe("http://127.0.0.1:5173/x");
  for (const bad of [null, "", "javascript:alert(1)", " JAVASCRIPT:alert(1)", "data:text/html,x"]) {
    expect(webAddress(bad)).toBeNull();
  }
  expect(webAddress("/relative")).toBeNull();
});
