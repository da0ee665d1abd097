import { useRef } from "preact/hooks";
import { count, differenceLine, dollars, figure, meanOf, seconds, spaced } from "../../base/words";
import { NOT_RUN } from "../../heatmap/cells/shading";
import { KINDS_IN_ORDER, type Kind } from "../../heatmap/cells/states";
import { cssName } from "../../heatmap/drawing/palette";
import { cssColourOf, cssVerdict } from "../../heatmap/drawing/scale";
import { type Comparison, stateOf } from "../../protocol";
import { besideOf, DISAGREEMENT, type Shown } from "../../state/sight";
import { useAround, useRoomOnceTaken, useViewState } from "../hooks";
import { Alert, Select } from "../parts";
import { maskOfItems } from "./shading";

const NAMES: Partial<Record<Kind, string>> = { replayed: "replayed now" };
const BINS = 20;
/** How values are said that are no scores. */
const UNITS: Readonly<Record<string, (value: number) => string>> = {
  duration: seconds,
  cost: dollars,
  tokens: figure,
};
const VERDICTS = ["worse", "same", "better"] as const;

/** Every state is always named, so that nothing moves when the first cell of a kind appears. Chosen ones are marked. */
export function Legend() {
  const { view } = useAround();
  const { tally, kinds } = useViewState();
  return (
    <ul class="oprs-legend">
      {KINDS_IN_ORDER.map((kind) => (
        <li key={kind} data-state={kind} class={tally[kind] ? "" : "oprs-none"}>
          <button
            type="button"
            class="oprs-entry"
            aria-pressed={kinds.has(kind)}
            title="Click to see only these; with Shift to select them"
            onClick={({ shiftKey }) =>
              shiftKey ? view.selecting.chooseKind(kind) : view.sight.toggle(kind)
            }
          >
            <i class="oprs-swatch" style={`background:var(${cssName(kind)})`} />
            {NAMES[kind] ?? spaced(kind)} <b class="oprs-count oprs-number">{count(tally[kind])}</b>
          </button>
        </li>
      ))}
    </ul>
  );
}

/** What the colours say that are no states. It comes and goes below the grid, which stays where it is. */
export function ScaleLegend() {
  const { view } = useAround();
  const { colour, plane, experiment, trouble } = useViewState();
  const box = useRef<HTMLDivElement>(null);
  useRoomOnceTaken(box, experiment, [colour, plane]);
  return (
    <div class={colour === "state" ? "" : "oprs-scale"} ref={box}>
      <Alert>{trouble.view}</Alert>
      {plane?.comparison ? (
        <Verdicts of={plane.comparison} />
      ) : (
        plane && <ScaleOf plane={plane} states={view.cells.bytes} />
      )}
    </div>
  );
}

/** How many items are better, the same and worse than in the other experiment, and their means. */
function Verdicts({ of }: { of: Comparison }) {
  const { view } = useAround();
  const { colour } = useViewState();
  return (
    <>
      {VERDICTS.map((name, verdict) => (
        <button
          key={name}
          type="button"
          class="oprs-entry oprs-number"
          title="Click to select these items; with Shift as well"
          onClick={({ shiftKey }) =>
            view.selecting.choose(
              maskOfItems(view.sight.having(verdict), view.cells),
              shiftKey ? "with" : "instead",
            )
          }
        >
          <i class="oprs-swatch oprs-verdict" style={`background:${cssVerdict(verdict)}`} />
          {name} <b>{count(of[name])}</b>
        </button>
      ))}
      {of.shared[0] && (
        <Select
          label="Compare by"
          value={of.by}
          choices={of.shared.map((by) => [by, by.slice(6)])}
          onChoose={(by) => view.sight.colour(`${besideOf(colour)} ${by}`)}
        />
      )}
      <span class="oprs-number oprs-quiet"> {differenceLine(of)}</span>
    </>
  );
}

/** The scale as a histogram of what is shown: how many cells have which value, in its colour. */
function ScaleOf({ plane, states }: { plane: Shown; states: Uint8Array }) {
  const { by, values, low, high } = plane;
  const bins = Array<number>(BINS).fill(0);
  let missing = 0;
  for (let cell = 0; cell < values.length; cell++) {
    if (values[cell] < 255) bins[Math.floor((values[cell] * BINS) / 255)]++;
    else if (!NOT_RUN.has(stateOf(states[cell]))) missing++;
  }
  const most = Math.max(1, ...bins);
  const unit = UNITS[by] ?? figure;
  const of = by.startsWith(DISAGREEMENT) ? "item" : "";
  return (
    <>
      <svg viewBox={`0 0 ${BINS} 1`} preserveAspectRatio="none" aria-hidden="true">
        {bins.map((cells, at) => {
          const height = cells ? Math.max(0.06, cells / most) : 0;
          const fill = cssColourOf(Math.round(((at + 0.5) / BINS) * 254));
          return <rect key={at} x={at} y={1 - height} width={0.92} height={height} fill={fill} />;
        })}
      </svg>
      <span class="oprs-number">
        {unit(low)} — <b>{unit(high)}</b>
      </span>
      <span class="oprs-clip">
        {by.replace(/^(disagreement)?:?score:/, (_, of) => (of ? `${of} in ` : ""))}
      </span>
      <span class="oprs-number oprs-quiet">mean {meanOf(plane, UNITS[by], of)}</span>
      <span class="oprs-number oprs-quiet">
        <i class="oprs-swatch oprs-missing" /> no value {count(missing)}
      </span>
    </>
  );
}
