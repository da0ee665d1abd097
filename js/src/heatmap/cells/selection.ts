// Sets of cells that a person has selected, and their small form on the wire: rectangles of items and trials in the
// experiment's order. Pure.
import type { Layout } from "../geometry/layout";
import { cellIn, type Span, spotOf } from "../geometry/viewport";
import { itemAt, placeOf, runsOf, type Shape, startOf } from "./shape";

/** Items [from, to) by trials [from, to). */
export type Rectangle = readonly [from: number, to: number, first: number, last: number];

/** 1 for each cell that is in it. */
export type Cells = Uint8Array;

/** Whether a cell may be selected: what filters hide is not. */
export type Passes = (cell: number) => boolean;

/** The cells that are drawn in these columns and rows. */
export function cellsIn(span: Span, layout: Layout, shape: Shape, passes: Passes): Cells {
  const cells = new Uint8Array(shape.cells);
  const [left, right] = span.columns;
  const [top, bottom] = span.rows;
  const lastColumn = Math.min(right, layout.blocks * layout.trials - 1);
  for (let column = left; column <= lastColumn; column++) {
    for (let row = top; row <= Math.min(bottom, layout.rows - 1); row++) {
      const cell = cellIn(layout, shape, column, row);
      if (cell >= 0 && passes(cell)) cells[cell] = 1;
    }
  }
  return cells;
}

/** Between two cells as they are drawn. */
export function spanBetween(layout: Layout, shape: Shape, one: number, other: number): Span {
  const [column, row] = spotOf(layout, shape, one);
  const [otherColumn, otherRow] = spotOf(layout, shape, other);
  return {
    columns: [Math.min(column, otherColumn), Math.max(column, otherColumn)],
    rows: [Math.min(row, otherRow), Math.max(row, otherRow)],
  };
}

/** What is selected as one: an item, a trial, the items of a group; all, if nothing is said. */
export interface Whole {
  item?: number;
  trial?: number;
  group?: number;
}

export function cellsOf(shape: Shape, of: Whole, passes: Passes): Cells {
  const cells = new Uint8Array(shape.cells);
  const { starts = [0, shape.items] } = shape.groups ?? {};
  let [from, to] = [0, shape.items];
  if (of.item !== undefined) [from, to] = [placeOf(shape, of.item), placeOf(shape, of.item) + 1];
  if (of.group !== undefined) [from, to] = [starts[of.group], starts[of.group + 1]];
  for (let place = from; place < to; place++) {
    const item = itemAt(shape, place);
    const [start, runs] = [startOf(shape, item), runsOf(shape, item)];
    for (let trial = of.trial ?? 0; trial < (of.trial === undefined ? runs : of.trial + 1); trial++)
      if (trial < runs && passes(start + trial)) cells[start + trial] = 1;
  }
  return cells;
}

/** How a new set meets the one that was selected before. */
export type Joining = "instead" | "with" | "toggle";

export function joined(before: Cells | null, cells: Cells, how: Joining): Cells {
  if (how === "instead" || before?.length !== cells.length) return cells;
  const all = cells.every((is, cell) => !is || before[cell]);
  if (how === "toggle" && all) return before.map((is, cell) => is & ~cells[cell]);
  return before.map((is, cell) => is | cells[cell]);
}

export interface Counts {
  readonly runs: number;
  readonly items: number;
}

export function counted(cells: Cells, shape: Shape): Counts {
  let [runs, items] = [0, 0];
  for (let item = 0, cell = 0; item < shape.items; item++) {
    const before = runs;
    for (const end = cell + runsOf(shape, item); cell < end; cell++) runs += cells[cell];
    if (runs > before) items++;
  }
  return { runs, items };
}

/** The fewest rectangles in order that make it up: stretches of trials, and items that have the same put together. */
export function rectanglesOf(cells: Cells, shape: Shape): Rectangle[] {
  const done: Rectangle[] = [];
  let open: [first: number, last: number][] = [];
  let from = 0;
  const close = (to: number) => {
    for (const [first, last] of open) done.push([from, to, first, last]);
  };
  for (let item = 0; item < shape.items; item++) {
    const runs = runsOf(shape, item);
    if (!runs) continue;
    const own = stretches(cells, startOf(shape, item), runs);
    // To its last trial: so are neighbours that have more of them, or fewer.
    if (own.at(-1)?.[1] === runs) own[own.length - 1][1] = shape.trials;
    if (
      own.length === open.length &&
      own.every(([a, b], at) => open[at][0] === a && open[at][1] === b)
    )
      continue;
    close(item);
    [open, from] = [own, item];
  }
  close(shape.items);
  return done;
}

function stretches(cells: Cells, start: number, runs: number): [first: number, last: number][] {
  const found: [number, number][] = [];
  for (let trial = 0; trial < runs; trial++) {
    if (!cells[start + trial]) continue;
    if (trial && cells[start + trial - 1]) found[found.length - 1][1] = trial + 1;
    else found.push([trial, trial + 1]);
  }
  return found;
}

/** What they cover of these cells. */
export function cellsOfRectangles(rectangles: readonly Rectangle[], shape: Shape): Cells {
  const cells = new Uint8Array(shape.cells);
  for (const [from, to, first, last] of rectangles) {
    for (let item = from; item < Math.min(to, shape.items); item++) {
      const start = startOf(shape, item);
      cells.fill(1, start + first, start + Math.min(last, runsOf(shape, item)));
    }
  }
  return cells;
}

export const sameRectangles = (one: readonly Rectangle[], other: readonly Rectangle[]): boolean =>
  one.length === other.length && JSON.stringify(one) === JSON.stringify(other);
