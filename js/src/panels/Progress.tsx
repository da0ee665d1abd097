import { cssName } from "../heatmap/palette";
import type { Kind, Tally } from "../heatmap/states";
import { count, deliveryLines, progressLine } from "../words";
import { useCalm, useViewState } from "./hooks";
import { Means, meansLine } from "./Means";

const CALM = 5000;
/** Nobody waits for these. */
const QUIET: ReadonlySet<string> = new Set(["cell", "groups", "facts", "scales"]);
const IN_ORDER: readonly Kind[] = [
  "completed",
  "replayed",
  "scores_missing",
  "scoring_failed",
  "task_failed",
  "interrupted",
  "running",
];

/** How much of the grid is what, as one thin line, and in words below it how the resume goes. */
export function Progress() {
  const { tally, late, mode, reading, storeName, kernel, scales, ...shown } = useViewState();
  const progress = kernel === "there" ? shown.progress : null;
  const total = totalOf(tally);
  const done = tally.completed + tally.replayed + tally.scores_missing;
  const line = reading
    ? "reading…"
    : progressLine(progress) || (total ? `${count(done)} of ${count(total)} complete` : "");
  const busy = mode === "browser" && late.some((method) => !QUIET.has(method));
  return (
    <div class="oprs-progress">
      <div
        class="oprs-bar"
        role="progressbar"
        aria-label="Runs complete"
        aria-valuemin={0}
        aria-valuemax={total}
        aria-valuenow={done}
      >
        {IN_ORDER.map((kind) => (
          <span key={kind} style={`background:var(${cssName(kind)});flex-grow:${tally[kind]}`} />
        ))}
        <span style={`flex-grow:${tally.queued + tally.never_run}`} />
      </div>
      <div class="oprs-said">
        <p class="oprs-status">
          <span class="oprs-number">{line}</span>
          {busy && <span class="oprs-busy">the kernel is busy</span>}
        </p>
        <span class="oprs-clip oprs-number oprs-means" title={meansLine(scales)}>
          <Means of={scales} />
        </span>
      </div>
      <Delivery />
      <Announcer line={[line, ...deliveryLines(progress, storeName)].filter(Boolean).join(". ")} />
    </div>
  );
}

/** What the server does not have yet, or why it cannot be asked. There is room for it from the beginning. */
function Delivery() {
  const { progress, remote, storeName } = useViewState();
  if (!remote) return null;
  const [refused, quiet] = deliveryLines(progress, storeName);
  return (
    <div class="oprs-delivery">
      {refused && (
        <p class="oprs-trouble" role="alert">
          <b>{refused}</b>
        </p>
      )}
      {quiet && (
        <p class="oprs-clip oprs-quiet" title={quiet}>
          {quiet}
        </p>
      )}
    </div>
  );
}

/** For people who listen: the same line, seldom enough to be heard to its end. */
function Announcer({ line }: { line: string }) {
  const calm = useCalm(line, CALM);
  return (
    <p class="oprs-hidden" aria-live="polite">
      {calm}
    </p>
  );
}

const totalOf = (tally: Tally): number => Object.values(tally).reduce((sum, n) => sum + n, 0);
