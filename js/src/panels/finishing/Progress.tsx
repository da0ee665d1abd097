import { count, deliveryLines, progressLine } from "../../base/words";
import { KINDS_IN_ORDER, type Tally } from "../../heatmap/cells/states";
import { cssName } from "../../heatmap/drawing/palette";
import { canNotify, mayNotify } from "../../state/notifying";
import { useAround, useCalm, useViewState } from "../hooks";
import { Means, meansLine } from "../Means";
import { Alert } from "../parts";

const CALM = 5000;
/** Nobody waits for these. */
const QUIET: ReadonlySet<string> = new Set(["cell", "groups", "facts", "scales"]);
/** What is queued or was never run is the room that they leave. */
const BEGUN = KINDS_IN_ORDER.slice(0, -2);

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
  const told = [line, ...deliveryLines(progress, storeName)].filter(Boolean).join(". ");
  // For people who listen: the same line, seldom enough to be heard to its end.
  const heard = useCalm(told, CALM);
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
        {BEGUN.map((kind) => (
          <span key={kind} style={`background:var(${cssName(kind)});flex-grow:${tally[kind]}`} />
        ))}
        <span style={`flex-grow:${tally.queued + tally.never_run}`} />
      </div>
      <div class="oprs-said">
        <p class="oprs-status">
          <span class="oprs-number">{line}</span>
          {busy && <span class="oprs-busy">the kernel is busy</span>}
          {progress?.active && canNotify() && <Notify />}
        </p>
        <span class="oprs-clip oprs-number oprs-means" title={meansLine(scales)}>
          <Means of={scales} />
        </span>
      </div>
      <Delivery />
      <p class="oprs-hidden" aria-live="polite">
        {heard}
      </p>
    </div>
  );
}

/** Whether to tell when it has ended. The browser asks the person, on the click and not before. */
function Notify() {
  const { view } = useAround();
  const { notify } = useViewState();
  const toggle = async () => view.store.set({ notify: !notify && (await mayNotify()) });
  return (
    <button
      type="button"
      class="oprs-fold"
      aria-pressed={notify}
      title="A notification when it has ended, if this page is not in sight"
      onClick={() => void toggle()}
    >
      {notify ? "will notify" : "notify me"}
    </button>
  );
}

/** What the server does not have yet, or why it cannot be asked. There is room for it from the beginning. */
function Delivery() {
  const { progress, remote, storeName } = useViewState();
  if (!remote) return null;
  const [refused, quiet] = deliveryLines(progress, storeName);
  return (
    <div class="oprs-delivery">
      <Alert>{refused && <b>{refused}</b>}</Alert>
      {quiet && (
        <p class="oprs-clip oprs-quiet" title={quiet}>
          {quiet}
        </p>
      )}
    </div>
  );
}

const totalOf = (tally: Tally): number => Object.values(tally).reduce((sum, n) => sum + n, 0);
