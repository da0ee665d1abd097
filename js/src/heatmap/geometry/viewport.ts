// Where a cell is, and which cell is somewhere. CSS pixels from the top left of the canvas.

import { cellOf, groupAt, itemAt, itemOf, placeOf, type Shape, startOf } from "../cells/shape";
import type { Layout } from "./layout";

export interface Box {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

/** The column and row that a cell is drawn in. */
export function spotOf(layout: Layout, shape: Shape, cell: number): [column: number, row: number] {
  const item = itemOf(shape, cell);
  const place = placeOf(shape, item);
  const column = Math.floor(place / layout.rows) * layout.trials + cell - startOf(shape, item);
  return [column, place % layout.rows];
}

/** The cell that is drawn there, or -1. */
export function cellIn(layout: Layout, shape: Shape, column: number, row: number): number {
  const place = Math.floor(column / layout.trials) * layout.rows + row;
  return cellOf(shape, itemAt(shape, place), column % layout.trials);
}

export function boxOf(layout: Layout, shape: Shape, cell: number): Box {
  const [column, row] = spotOf(layout, shape, cell);
  return {
    left: leftOf(layout, column) - layout.x,
    top: layout.top + row * layout.cellHeight - layout.y,
    width: layout.cellWidth - layout.gap,
    height: layout.cellHeight - layout.gap,
  };
}

/** Where a column of cells is among all. */
export function leftOf(layout: Layout, column: number): number {
  const block = Math.floor(column / layout.trials);
  return (
    block * layout.blockWidth + layout.left + (column - block * layout.trials) * layout.cellWidth
  );
}

/** What is under a point: a row, and a column, -1 on the number of the item. */
interface Hit {
  readonly block: number;
  readonly row: number;
  readonly trial: number;
}

function hit(layout: Layout, x: number, y: number): Hit {
  const along = x + layout.x;
  const block = Math.floor(along / layout.blockWidth);
  return {
    block,
    row: Math.floor((y - layout.top + layout.y) / layout.cellHeight),
    trial: Math.floor((along - block * layout.blockWidth - layout.left) / layout.cellWidth),
  };
}

const isShown = (layout: Layout, x: number, y: number): boolean =>
  x >= 0 && y >= layout.top && x < layout.shownWidth && y < layout.top + layout.shownHeight;

/** The cell under a point, or -1. */
export function cellAt(layout: Layout, shape: Shape, x: number, y: number): number {
  if (!isShown(layout, x, y)) return -1;
  const { block, row, trial } = hit(layout, x, y);
  return cellOf(shape, itemAt(shape, block * layout.rows + row), trial);
}

/** The item whose number is under a point, or -1. */
export function itemLabelAt(layout: Layout, shape: Shape, x: number, y: number): number {
  if (!layout.left || !isShown(layout, x, y)) return -1;
  const { block, row, trial } = hit(layout, x, y);
  const place = block * layout.rows + row;
  return trial < 0 && place < shape.items ? itemAt(shape, place) : -1;
}

/** The group whose name is beside a place, or -1: where it begins, or comes into view. */
export function namedAt(layout: Layout, shape: Shape, place: number): number {
  const group = groupAt(shape, place);
  const first = place % layout.rows === Math.ceil(layout.y / layout.cellHeight);
  return first || group !== groupAt(shape, place - 1) ? group : -1;
}

/** The trial whose number is under a point, or -1. */
export function trialLabelAt(layout: Layout, x: number, y: number): number {
  if (x < 0 || x >= layout.shownWidth || y < 0 || y >= layout.top) return -1;
  const { trial } = hit(layout, x, y);
  return trial < layout.trials ? trial : -1;
}

/** Columns and rows of cells, each from … to: what a rectangle between two points touches. */
export interface Span {
  readonly columns: readonly [from: number, to: number];
  readonly rows: readonly [from: number, to: number];
}

export function spanOf(layout: Layout, one: Point, other: Point): Span {
  const { left, top, right, bottom } = boxBetween(one, other);
  const column = (x: number, up: boolean) => {
    const { block, trial } = hit(layout, x, layout.top);
    // Between blocks it is the edge of what is beside.
    const within = up ? Math.max(0, trial) : Math.min(trial, layout.trials - 1);
    return block * layout.trials + Math.min(within, layout.trials);
  };
  return {
    columns: [Math.max(0, column(left, true)), column(right, false)],
    rows: [Math.max(0, hit(layout, 0, top).row), hit(layout, 0, bottom).row],
  };
}

export interface Point {
  readonly x: number;
  readonly y: number;
}

export function boxBetween(one: Point, other: Point) {
  return {
    left: Math.min(one.x, other.x),
    top: Math.min(one.y, other.y),
    right: Math.max(one.x, other.x),
    bottom: Math.max(one.y, other.y),
  };
}

/** An attribute of megabytes would take longer than to paint. */
const MOST_STARTS = 10_000;

/** Written to `data-geometry` of the heatmap, so that a test can find a cell without asking the code. */
export interface Geometry {
  rows: number;
  trials: number;
  cellWidth: number;
  cellHeight: number;
  blockWidth: number;
  /** Where the first cell is: beside and below numbers of items and trials, less what is scrolled away. */
  left: number;
  top: number;
  cells: number;
  /** The first cell of each item when items have unlike numbers of runs, else null; also null of more than MOST_STARTS. */
  starts: number[] | null;
  /** The place of each item when they are drawn in another order, else null; also null of more than MOST_STARTS. */
  places: number[] | null;
}

export function geometryOf(layout: Layout, shape: Shape): Geometry {
  const { rows, trials, cellWidth, cellHeight, blockWidth } = layout;
  const [left, top] = [layout.left - layout.x, layout.top - layout.y];
  const starts =
    shape.starts && shape.items <= MOST_STARTS
      ? Array.from(shape.starts.subarray(0, shape.items))
      : null;
  const places = shape.places && shape.items <= MOST_STARTS ? Array.from(shape.places) : null;
  const { cells } = shape;
  return { rows, trials, cellWidth, cellHeight, blockWidth, left, top, cells, starts, places };
}

export function cellCentre(geometry: Geometry, cell: number): { x: number; y: number } {
  const { rows, trials, cellWidth, cellHeight, blockWidth, left, top, starts, places } = geometry;
  const item = starts ? starts.findLastIndex((start) => start <= cell) : Math.floor(cell / trials);
  const trial = cell - (starts ? starts[item] : item * trials);
  const place = places ? places[item] : item;
  return {
    x: left + Math.floor(place / rows) * blockWidth + (trial + 0.5) * cellWidth,
    y: top + ((place % rows) + 0.5) * cellHeight,
  };
}
