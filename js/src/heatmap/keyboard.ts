// What a key means on the grid. Pure: the cursor before, the key, and the cursor after.
import type { Layout } from "./layout";
import { cellOf, itemOf, runsOf, type Shape, trialOf } from "./shape";
import { isFailed } from "./states";

export type Command = { move: number } | "inspect" | "leave";

export interface Key {
  key: string;
  ctrlKey: boolean;
  metaKey: boolean;
  altKey: boolean;
}

export function commandOf(
  key: Key,
  cursor: number,
  layout: Layout,
  shape: Shape,
  states: Uint8Array,
): Command | null {
  if (key.altKey || !shape.cells) return null;
  if (key.key === "Escape") return "leave";
  const modified = key.ctrlKey || key.metaKey;
  if (!modified && (key.key === "Enter" || key.key === " ")) return "inspect";
  const target = modified ? jump(key.key, shape) : plain(key.key, cursor, layout, shape, states);
  return target === null || target < 0 ? null : { move: target };
}

function plain(
  name: string,
  cursor: number,
  layout: Layout,
  shape: Shape,
  states: Uint8Array,
): number | null {
  if (name === "n") return nextFailed(states, cursor, 1);
  if (name === "p") return nextFailed(states, cursor, -1);
  return step(name, cursor, layout, shape);
}

function jump(name: string, shape: Shape): number | null {
  if (name === "Home") return 0;
  return name === "End" ? shape.cells - 1 : null;
}

function step(name: string, cursor: number, layout: Layout, shape: Shape): number | null {
  const item = itemOf(shape, cursor);
  const trial = trialOf(shape, cursor);
  const row = item % layout.rows;
  const toItem = (wanted: number) => {
    if (wanted < 0 || wanted >= shape.items) return cursor;
    return cellOf(shape, wanted, Math.max(0, Math.min(trial, runsOf(shape, wanted) - 1)));
  };
  switch (name) {
    case "ArrowDown":
      return toItem(item + 1);
    case "ArrowUp":
      return toItem(item - 1);
    case "ArrowRight":
      return across(1);
    case "ArrowLeft":
      return across(-1);
    case "PageDown":
      return toItem(Math.min(item + layout.rows, shape.items - 1));
    case "PageUp":
      return toItem(Math.max(item - layout.rows, 0));
    case "Home":
      return cellOf(shape, row, 0);
    case "End":
      return endOfRow();
    default:
      return null;
  }

  /** Along the drawn row: past the last trial comes the item beside it, in the next block. */
  function across(by: 1 | -1): number {
    const beside = cellOf(shape, item, trial + by);
    if (beside >= 0) return beside;
    const next = item + by * layout.rows;
    if (next < 0 || next >= shape.items) return cursor;
    return cellOf(shape, next, by > 0 ? 0 : runsOf(shape, next) - 1);
  }

  function endOfRow(): number {
    const last = row + layout.rows * Math.floor((shape.items - 1 - row) / layout.rows);
    return cellOf(shape, last, runsOf(shape, last) - 1);
  }
}

/** The next failed cell in that direction, round the end, or -1 when none has failed. */
function nextFailed(states: Uint8Array, cursor: number, by: 1 | -1): number {
  const count = states.length;
  for (let step = 1; step <= count; step++) {
    const cell = (cursor + by * step + count * 2) % count;
    if (isFailed(states[cell])) return cell;
  }
  return -1;
}
