// Which cell is which item and trial. Cells are numbered item by item, trial by trial.

export interface Shape {
  readonly items: number;
  /** The largest number of runs any item has. */
  readonly trials: number;
  readonly cells: number;
  /** The first cell of each item, and `cells` at the end; null when every item has `trials` runs. */
  readonly starts: Uint32Array | null;
  /** The item at each place, when items are drawn in another order than the experiment's. */
  readonly order: Uint32Array | null;
  /** The place of each item then. */
  readonly places: Uint32Array | null;
  readonly groups: Groups | null;
}

/** Items that are drawn together, since they have something in common. */
export interface Groups {
  readonly names: readonly string[];
  /** The first place of each, and the number of items at the end. */
  readonly starts: Uint32Array;
}

const UNSORTED = { order: null, places: null, groups: null };

export const NO_CELLS: Shape = { items: 0, trials: 1, cells: 0, starts: null, ...UNSORTED };

export function uniformShape(items: number, trials: number): Shape {
  return { items, trials, cells: items * trials, starts: null, ...UNSORTED };
}

/** The same cells, their items drawn in this order; null is the experiment's own. */
export function sorted(
  shape: Shape,
  order: Uint32Array | null,
  groups: Groups | null = null,
): Shape {
  if (order?.length !== shape.items) return { ...shape, ...UNSORTED };
  const places = new Uint32Array(order.length);
  for (let place = 0; place < order.length; place++) places[order[place]] = place;
  return { ...shape, order, places, groups };
}

export const placeOf = ({ places }: Shape, item: number): number => (places ? places[item] : item);

export const itemAt = ({ order }: Shape, place: number): number =>
  order && place >= 0 && place < order.length ? order[place] : place;

export function unevenShape(runs: ArrayLike<number>): Shape {
  const starts = new Uint32Array(runs.length + 1);
  let trials = 1;
  let cells = 0;
  for (let item = 0; item < runs.length; item++) {
    cells += runs[item];
    starts[item + 1] = cells;
    if (runs[item] > trials) trials = runs[item];
  }
  return { items: runs.length, trials, cells, starts, ...UNSORTED };
}

export function runsOf(shape: Shape, item: number): number {
  return shape.starts ? shape.starts[item + 1] - shape.starts[item] : shape.trials;
}

export function startOf(shape: Shape, item: number): number {
  return shape.starts ? shape.starts[item] : item * shape.trials;
}

/** The cell of an item (from 0) and trial, or -1 where there is none. */
export function cellOf(shape: Shape, item: number, trial: number): number {
  if (item < 0 || item >= shape.items || trial < 0 || trial >= runsOf(shape, item)) return -1;
  return startOf(shape, item) + trial;
}

export function itemOf(shape: Shape, cell: number): number {
  return shape.starts ? stretchAt(shape.starts, cell) : Math.floor(cell / shape.trials);
}

/** The group that is drawn at a place, or -1 where there are none. */
export function groupAt({ groups }: Shape, place: number): number {
  return groups ? stretchAt(groups.starts, place) : -1;
}

/** Which of the stretches that begin there holds it. */
function stretchAt(starts: Uint32Array, at: number): number {
  let low = 0;
  let high = starts.length - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (starts[middle + 1] > at) high = middle;
    else low = middle + 1;
  }
  return low;
}

export function trialOf(shape: Shape, cell: number): number {
  return cell - startOf(shape, itemOf(shape, cell));
}

/** Whether they have the same cells, however these are drawn. */
export function sameShape(one: Shape, other: Shape): boolean {
  if (one.items !== other.items || one.trials !== other.trials) return false;
  if (!one.starts || !other.starts) return one.starts === other.starts;
  for (let item = 0; item <= one.items; item++) {
    if (one.starts[item] !== other.starts[item]) return false;
  }
  return true;
}
