import { cssName } from "../heatmap/palette";
import type { Kind, Tally } from "../heatmap/states";
import { count, progressLine } from "../words";
import { useCalm, useViewState } from "./hooks";

const CALM = 5000;
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
  const { tally, progress, late, mode, reading } = useViewState();
  const total = totalOf(tally);
  const done = tally.completed + tally.replayed + tally.scores_missing;
  const line = reading
    ? "reading…"
    : progressLine(progress) || (total ? `${count(done)} of ${count(total)} complete` : "");
  const busy = mode === "browser" && late.some((method) => method !== "cell");
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
      <p class="oprs-status">
        <span class="oprs-number">{line}</span>
        {busy && <span class="oprs-busy">the kernel is busy</span>}
      </p>
      <Announcer line={line} />
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
