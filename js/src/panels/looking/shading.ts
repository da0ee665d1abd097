// What of the view's state the heatmap draws.
import { useMemo } from "preact/hooks";
import { type Marking, maskOf, type Shading } from "../../heatmap/cells/shading";
import { runsOf, startOf } from "../../heatmap/cells/shape";
import type { CellStates } from "../../heatmap/cells/states";
import { useAround, useViewState } from "../hooks";

export function useShading(): Shading {
  const { view } = useAround();
  const { groups, group, head, kinds, found, plane, selection } = useViewState();
  const selected = selection?.cells ?? null;
  const chosen = groups?.find(({ key }) => key === group) ?? null;
  const length = head?.cells ?? view.cells.bytes.length;
  const marking: Marking = useMemo(() => {
    const masks = [
      chosen && maskOf(chosen.marked, length),
      found && maskOfItems(found.items, view.cells),
    ];
    return { cells: both(masks.filter((mask) => mask !== null)), kinds };
  }, [chosen, found, length, kinds, view]);
  return useMemo(() => ({ marking, plane, selected }), [marking, plane, selected]);
}

export function maskOfItems(items: Uint32Array, { shape, bytes }: CellStates): Uint8Array {
  const mask = new Uint8Array(bytes.length);
  for (const item of items) {
    if (item < shape.items)
      mask.fill(1, startOf(shape, item), startOf(shape, item) + runsOf(shape, item));
  }
  return mask;
}

function both([one, other]: readonly Uint8Array[]): Uint8Array | null {
  return one && other ? one.map((marked, cell) => marked & other[cell]) : (one ?? null);
}
