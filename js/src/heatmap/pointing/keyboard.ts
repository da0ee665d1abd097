// What a key means on the grid. Pure: the cursor before, the key, and the cursor after.

import { cellOf, itemAt, itemOf, placeOf, runsOf, type Shape, trialOf } from "../cells/shape";
import { isTroubled } from "../cells/states";
import type { Layout } from "../geometry/layout";

export type Command =
  | { move: number; extend?: boolean }
  /** Closer by a step, farther, or fitted. */
  | { zoom: 1 | -1 | 0 }
  | "inspect"
  | "leave"
  | "all"
  | "item"
  | "trial"
  | "group";

/** Whether a cell is among those that are looked at. */
export type Among = (cell: number) => boolean;

export interface Key {
  key: string;
  ctrlKey: boolean;
  metaKey: boolean;
  altKey: boolean;
  shiftKey?: boolean;
}

const ZOOMS: Readonly<Record<string, 1 | -1 | 0>> = { "+": 1, "=": 1, "-": -1, _: -1, "0": 0 };

export function commandOf(key: Key, cursor: number, layout: Layout, shape: Shape): Command | null {
  if (key.altKey || !shape.cells) return null;
  if (key.key === "Escape") return "leave";
  const modified = key.ctrlKey || key.metaKey;
  if (modified && key.key.toLowerCase() === "a") return "all";
  if (key.key === " " && modified) return "trial";
  if (key.key === " " && key.shiftKey) return "item";
  if (!modified && (key.key === "Enter" || key.key === " ")) return "inspect";
  if (!modified && key.key === "g" && shape.groups) return "group";
  if (!modified && key.key in ZOOMS) return { zoom: ZOOMS[key.key] };
  const target = modified ? jump(key.key, shape) : step(key.key, cursor, layout, shape);
  if (target === null || target < 0) return null;
  return key.shiftKey ? { move: target, extend: true } : { move: target };
}

/** The first and the last cell as they are drawn. */
function jump(name: string, shape: Shape): number | null {
  const last = itemAt(shape, shape.items - 1);
  if (name === "Home") return cellOf(shape, itemAt(shape, 0), 0);
  return name === "End" ? cellOf(shape, last, runsOf(shape, last) - 1) : null;
}

function step(name: string, cursor: number, layout: Layout, shape: Shape): number | null {
  const place = placeOf(shape, itemOf(shape, cursor));
  const trial = trialOf(shape, cursor);
  const row = place % layout.rows;
  const to = (wanted: number) => {
    if (wanted < 0 || wanted >= shape.items) return cursor;
    const item = itemAt(shape, wanted);
    return cellOf(shape, item, Math.max(0, Math.min(trial, runsOf(shape, item) - 1)));
  };
  const moves: Record<string, () => number> = {
    ArrowDown: () => to(place + 1),
    ArrowUp: () => to(place - 1),
    ArrowRight: () => across(1),
    ArrowLeft: () => across(-1),
    PageDown: () => to(Math.min(place + layout.rows, shape.items - 1)),
    PageUp: () => to(Math.max(place - layout.rows, 0)),
    Home: () => cellOf(shape, itemAt(shape, row), 0),
    End: endOfRow,
  };
  return Object.hasOwn(moves, name) ? moves[name]() : null;

  /** Along the drawn row: past the last trial comes the item beside it, in the next block. */
  function across(by: 1 | -1): number {
    const beside = cellOf(shape, itemOf(shape, cursor), trial + by);
    if (beside >= 0) return beside;
    const next = place + by * layout.rows;
    if (next < 0 || next >= shape.items) return cursor;
    const item = itemAt(shape, next);
    return cellOf(shape, item, by > 0 ? 0 : runsOf(shape, item) - 1);
  }

  function endOfRow(): number {
    const last = row + layout.rows * Math.floor((shape.items - 1 - row) / layout.rows);
    const item = itemAt(shape, last);
    return cellOf(shape, item, runsOf(shape, item) - 1);
  }
}

/** The next troubled cell in that direction as they are drawn, round the end, or -1 when there is none among those.
 * Without a cursor it is the first, or the last. */
export function nextTrouble(
  states: Uint8Array,
  shape: Shape,
  cursor: number | null,
  by: 1 | -1,
  among: Among,
): number {
  const { items, cells } = shape;
  if (!cells) return -1;
  let place = cursor === null ? (by > 0 ? 0 : items - 1) : placeOf(shape, itemOf(shape, cursor));
  let item = itemAt(shape, place);
  let trial = cursor === null ? (by > 0 ? -1 : runsOf(shape, item)) : trialOf(shape, cursor);
  for (let step = 0; step < cells; step++) {
    trial += by;
    while (trial < 0 || trial >= runsOf(shape, item)) {
      place = (place + by + items) % items;
      item = itemAt(shape, place);
      trial = by > 0 ? 0 : runsOf(shape, item) - 1;
    }
    const cell = cellOf(shape, item, trial);
    if (isTroubled(states[cell]) && among(cell)) return cell;
  }
  return -1;
}
