// What of the view's state the heatmap draws.
import { useMemo } from "preact/hooks";
import { type Marking, maskOf, type Shading } from "../heatmap/shading";
import { useAround, useViewState } from "./hooks";

export function useShading(): Shading {
  const { view } = useAround();
  const { groups, group, head } = useViewState();
  const chosen = groups?.find(({ key }) => key === group) ?? null;
  const length = head?.cells ?? view.cells.bytes.length;
  const marking: Marking = useMemo(
    () => ({ cells: chosen && maskOf(chosen.marked, length), kinds: new Set() }),
    [chosen, length],
  );
  return useMemo(() => ({ marking, plane: null }), [marking]);
}
