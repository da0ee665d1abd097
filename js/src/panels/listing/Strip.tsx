import { useMemo } from "preact/hooks";
import type { Kind } from "../../heatmap/cells/states";
import { cssName } from "../../heatmap/drawing/palette";
import { drawing } from "../../heatmap/drawing/strip";
import type { Runs } from "../../protocol/runs";

/** Never narrower than a stroke, whatever their share; drawn last, over what is beside them. */
const LOUD: readonly Kind[] = ["scoring_failed", "task_failed"];

/** A whole experiment as one line: which states, where, and how much of each. */
export function Strip({ runs }: { runs: Runs }) {
  const { length, paths } = useMemo(() => drawing(runs), [runs]);
  const loud = LOUD.flatMap((kind) => paths.filter((path) => path.kind === kind));
  return (
    <svg
      class="oprs-strip"
      viewBox={`0 0 ${length || 1} 1`}
      preserveAspectRatio="none"
      aria-hidden="true"
    >
      {paths.map(({ kind, bars }) => (
        <path key={kind} data-state={kind} d={bars} fill={`var(${cssName(kind)})`} />
      ))}
      {loud.map(({ kind, slivers }) => (
        <path key={kind} class="oprs-loud" d={slivers} stroke={`var(${cssName(kind)})`} />
      ))}
    </svg>
  );
}
