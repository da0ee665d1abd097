// The sentences of the user interface. Pure, so that what is said can be tested.
import type {
  Cell,
  Comparison,
  Facts,
  Head,
  Mean,
  Plan,
  Progress,
  Range,
  Row,
  Summary,
  Undelivered,
} from "../protocol";

const CHOOSE_THE_TASK = "Choose the task.";

/** A whole number in groups of three. (The first `toLocaleString` of a page takes 10 ms, and it is called for every legend.) */
export const count = (n: number): string => String(n).replace(/\B(?=(\d{3})+$)/g, ",");

export const many = (n: number, noun: string): string => `${count(n)} ${noun}${n === 1 ? "" : "s"}`;

export const spaced = (name: string): string => name.replaceAll("_", " ");

function unitOf(seconds: number): [size: number, unit: string] {
  if (seconds < 60) return [1, "s"];
  if (seconds < 90 * 60) return [60, "min"];
  return seconds < 36 * 3600 ? [3600, "h"] : [86400, "days"];
}

/** "40 s", "3 min", "2 h": one unit, as estimates deserve. */
export const duration = (seconds: number): string => durations([seconds, seconds]);

/** "2 to 4 min": both in the unit of the longer one. */
export function durations([low, high]: Range): string {
  const [size, unit] = unitOf(high);
  return `${between([low, high], (seconds) => String(Math.max(1, Math.round(seconds / size))))} ${unit}`;
}

/** "0.20 to 0.35", or one of them if both are said alike. */
function between([low, high]: Range, say: (value: number) => string): string {
  return say(low) === say(high) ? say(high) : `${say(low)} to ${say(high)}`;
}

export function age(createdAt: string, now: number): string {
  const seconds = (now - Date.parse(createdAt)) / 1000;
  if (Number.isNaN(seconds)) return "";
  return seconds < 60 ? "just now" : `${duration(seconds)} ago`;
}

export function size(head: Head): string {
  const trials = many(head.trials, "trial");
  return `${many(head.items, "item")} × ${head.uniform ? "" : "up to "}${trials}`;
}

export const dataset = (of: Row | Head): string =>
  `${of.dataset} ${/^\d/.test(of.version) ? "v" : ""}${of.version}`.trim();

export function rowState(row: Row): string {
  const failed = row.failed && row.state !== "complete" ? `, ${count(row.failed)} failed` : "";
  return row.state === "reading" ? "reading…" : spaced(row.state) + failed;
}

/** "3/36"; as long as that is not known, about how many there are. */
export function doneOf(done: number | null, expected: number): string {
  if (done !== null) return `${count(done)}/${count(expected)}`;
  return expected ? `≈ ${many(expected, "run")}` : "";
}

export const isNothingLeft = (plan: Plan): boolean => plan.run + plan.score === 0;

/** Nothing is left because it is done, not because nothing can be planned. */
export const isDone = (plan: Plan): boolean =>
  isNothingLeft(plan) && (plan.kept > 0 || plan.obstacle === null);

export function resumeLabel(plan: Plan | null): string {
  const score = plan?.score ? ` and score ${count(plan.score)}` : "";
  if (plan?.run) return `▸ Resume ${many(plan.run, "run")}${score}`;
  if (plan?.score) return `▸ Score ${many(plan.score, "run")}`;
  return plan && isDone(plan) ? "Complete" : "▸ Resume";
}

/** A phrase as its pieces; one in brackets is stressed. */
export type Phrase = readonly (string | readonly [stressed: string])[];

/** What the plan means, phrase by phrase. */
export function planPhrases(plan: Plan): Phrase[] {
  if (isNothingLeft(plan)) {
    return plan.obstacle ? [] : [["nothing left to run, ", [count(plan.kept)], " kept"]];
  }
  return [workPhrase(plan), ...costPhrase(plan), ...methodPhrases(plan)];
}

function workPhrase({ run, score }: Plan): Phrase {
  const amount = (n: number, noun: string): Phrase =>
    n ? [[count(n)], ` ${noun}${n === 1 ? "" : "s"}`] : [];
  return [...amount(run, "run"), ...(run && score ? [", "] : []), ...amount(score, "score")];
}

/** The bounds of a resume: "16 threads", "1 thread, at most 10 runs". */
export function boundsLine({ threads, limits }: Plan): string {
  const rules = [
    limits.max_runs === null ? "" : many(limits.max_runs, "run"),
    limits.max_seconds === null ? "" : duration(limits.max_seconds),
    limits.max_failures === null ? "" : many(limits.max_failures, "failure"),
    limits.max_cost === null ? "" : dollars(limits.max_cost),
  ].filter(Boolean);
  const bounded = rules.length ? `, at most ${rules.join(", ")}` : "";
  return `${many(threads ?? 1, "thread")}${bounded}`;
}

/** "850 kept, 31 replayed, 3 repaired, 2 still missing · $0.08" */
export function summaryLine({ kept, replayed, repaired, missing, cost }: Summary): string {
  const parts = [
    `${count(kept)} kept`,
    `${count(replayed)} replayed`,
    repaired ? `${count(repaired)} repaired` : "",
    missing ? `${count(missing)} still missing` : "nothing missing",
  ];
  return parts.filter(Boolean).join(", ") + (cost === null ? "" : ` · ${dollars(cost)}`);
}

function costPhrase({ cost }: Plan): Phrase[] {
  return cost ? [["about ", [between(cost, dollars)]]] : [];
}

export function methodPhrases({ task, metrics }: Plan): Phrase[] {
  const phrases: Phrase[] = [];
  if (task) phrases.push(["task ", [task]]);
  if (metrics.length) phrases.push(["metrics ", [metrics.join(", ")]]);
  return phrases;
}

/** As if what can be chosen were not said yet: its chooser says it. */
export const withoutChoices = (plan: Plan): Plan => ({
  ...plan,
  task: plan.offered.tasks.length ? null : plan.task,
  metrics: plan.offered.metrics.length ? [] : plan.metrics,
});

/** Nothing but the choice of a task is missing, which its chooser says by itself. */
export const isAsking = ({ obstacle }: Plan): boolean => obstacle === CHOOSE_THE_TASK;

export const chosenMetrics = ({ chosen }: Plan): string => chosen.metrics.join(", ") || "none";

/** One line: how far it is while it runs, how it ended afterwards. */
export function progressLine(progress: Progress | null): string {
  if (!progress) return "";
  if (progress.active) return runningLine(progress);
  const { outcome, message, done, total, failed, abandoned, summary } = progress;
  const summed = outcome !== "finished" && summary ? summaryLine(summary) : "";
  const note = [summed, progress.note].filter(Boolean).join("; ");
  const failures = failed ? `, ${count(failed)} failed` : "";
  const noted = note ? `; ${note}` : "";
  if (outcome === "limited" || outcome === "waiting")
    return `${message ?? "stopped by a rule"}${noted}`;
  if (outcome === "finished") {
    return `finished: ${summary ? summaryLine(summary) : many(done, "run")}${failures}${noted}`;
  }
  if (outcome === "stopped") {
    const arrive = abandoned === 1 ? "is recorded if it arrives" : "are recorded if they arrive";
    return `stopped: ${count(done)} of ${count(total)}${failures}${abandoned ? `; ${count(abandoned)} still running ${arrive}` : ""}${noted}`;
  }
  return outcome === "broken" ? `broken: ${message ?? "no reason was given"}` : "";
}

function runningLine(progress: Progress): string {
  const { done, total, rate, seconds_left, stopping, undelivered, note } = progress;
  if (stopping) return `stopping: ${count(done)} of ${count(total)}`;
  const parts = total ? [`${count(done)} of ${count(total)}`] : [];
  if (total && done === total && undelivered?.waiting) return `${parts[0]} · being delivered`;
  if (rate !== null) parts.push(`${rate.toFixed(1)} runs/s`);
  if (seconds_left !== null) parts.push(`about ${duration(seconds_left)} left`);
  if (note) parts.push(note);
  return parts.join(" · ");
}

/** "12 finished runs are kept here and still to be delivered: …" */
export function waitingLine({ waiting, problem }: Undelivered, storeName: string): string {
  if (!waiting) return "";
  const kept = `${many(waiting, "finished run")} ${waiting === 1 ? "is" : "are"} kept here and still to be delivered`;
  return problem ? `${kept}: ${problem}` : `${kept} to ${storeName}`;
}

export function refusedLine({ refused, words }: Undelivered): string {
  if (!refused) return "";
  const [were, kept, them] = refused === 1 ? ["was", "It is", "it"] : ["were", "They are", "them"];
  return `${many(refused, "finished run")} ${were} refused by the server (${words.join(" · ")}). ${kept} kept here; evaluate_resume(…).to_pandas() exports ${them}.`;
}

/** What is said loudly, and what quietly, of runs that the server does not have or cannot tell. */
export function deliveryLines(progress: Progress | null, storeName: string): [string, string] {
  const { undelivered, problem } = progress ?? {};
  const refused = undelivered ? refusedLine(undelivered) : "";
  const waiting = undelivered ? waitingLine(undelivered, storeName) : "";
  // Its whole name is above the list, and would push the reason out of sight.
  return [refused, (waiting || problem || "").replace(`: ${storeName} `, ": Opik ")];
}

/** "$0.35", of less than ten cents "$0.0031". */
export const dollars = (amount: number): string =>
  `$${amount && amount < 0.1 ? Number(amount.toPrecision(2)) : amount.toFixed(2)}`;

/** "1,204 tokens · $0.0031" */
export function price(tokens: number | null, cost: number | null): string {
  const parts = tokens ? [many(tokens, "token")] : [];
  if (cost) parts.push(dollars(cost));
  return parts.join(" · ");
}

/** The address, if it is one of the web: anything else could run. */
export function webAddress(url: string | null): string | null {
  return url && URL.canParse(url) && /^https?:$/.test(new URL(url).protocol) ? url : null;
}

/** "task failed after 1.9 s · attempt 2"; of what is in another state by now, or runs again, only what is known. */
export function cellLine({ state, seconds: took, attempts }: Cell, now: string = state): string {
  if (now !== state || /^(queued|running)$/.test(now))
    return spaced(now) + (attempts ? ` · attempt ${attempts} is shown` : "");
  const after = took === null ? "" : ` after ${seconds(took)}`;
  return spaced(state) + after + (attempts > 1 ? ` · attempt ${attempts}` : "");
}

export const seconds = (value: number): string =>
  value < 0.0005
    ? "0 s"
    : value < 60
      ? `${value < 0.095 ? value.toFixed(3) : value.toFixed(1)} s`
      : duration(value);

/** A score as people read it: "0.25", "12", "0.0031". */
export const figure = (value: number): string =>
  Number.isSafeInteger(value)
    ? count(value)
    : String(Number(value.toPrecision(Math.abs(value) < 1 ? 2 : 3)));

/** "0.71 ± 0.02 (n 739)" */
export function meanOf({ mean, error, n }: Mean, say = fixed, of = ""): string {
  const counted = of ? many(n, of) : count(n);
  return mean === null ? `n ${counted}` : `${say(mean)}${spread({ error }, say)} (n ${counted})`;
}

/** In hundredths, unless these show nothing of it, or all but a few of many digits. */
const fixed = (value: number, least = 0.01): string =>
  value && (Math.abs(value) < least || Math.abs(value) >= 1e4) ? figure(value) : value.toFixed(2);

/** A name in a text: what follows one in Arabic would be drawn before it. (In elements, `bdi`, `b` and `strong` isolate.) */
export const isolated = (name: string): string => `\u2068${name}\u2069`;

const spread = (
  { error }: Pick<Mean, "error">,
  say: (value: number, least?: number) => string = fixed,
): string => (error === null ? "" : ` ± ${say(error, 0.005)}`);

/** What the tooltip says of a cell, below its name. */
export function factLines(facts: Facts): string[] {
  const { state, error, item, scores, seconds: took, cost, tokens } = facts;
  const told = scores.map(
    ({ name, value }) => `${isolated(name)} ${value === null ? "–" : figure(value)}`,
  );
  const last = [...told, took === null ? "" : seconds(took)].filter(Boolean).join(" · ");
  const first = [spaced(state), error].filter(Boolean).join(" · ");
  return [first, item, last, price(tokens, cost)].filter(Boolean);
}

/** "0.71 against 0.68: +0.03 ± 0.01 (n 294 items)" */
export function differenceLine({ mean, other_mean, difference }: Comparison): string {
  if (difference.mean === null || mean.mean === null || other_mean.mean === null) {
    return "no item has a score in both";
  }
  const sign = difference.mean < 0 ? "−" : "+";
  const means = `${fixed(mean.mean)} against ${fixed(other_mean.mean)}`;
  return `${means}: ${sign}${fixed(Math.abs(difference.mean))}${spread(difference)} (n ${many(difference.n, "item")})`;
}
