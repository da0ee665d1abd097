import { cssName } from "../heatmap/palette";
import { KINDS_IN_ORDER, type Kind } from "../heatmap/states";
import { count, spaced } from "../words";
import { useViewState } from "./hooks";

const NAMES: Partial<Record<Kind, string>> = { replayed: "replayed now" };

/** Every state is always named, so that nothing moves when the first cell of a kind appears. */
export function Legend() {
  const { tally } = useViewState();
  return (
    <ul class="oprs-legend">
      {KINDS_IN_ORDER.map((kind) => (
        <li key={kind} data-state={kind} class={tally[kind] ? "" : "oprs-none"}>
          <i class="oprs-swatch" style={`background:var(${cssName(kind)})`} />
          {NAMES[kind] ?? spaced(kind)} <b class="oprs-count oprs-number">{count(tally[kind])}</b>
        </li>
      ))}
    </ul>
  );
}
