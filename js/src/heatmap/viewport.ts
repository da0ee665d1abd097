// Where a cell is, and which cell is somewhere. CSS pixels from the top left of the canvas.
import type { Layout } from "./layout";
import { cellOf, itemAt, itemOf, placeOf, type Shape, startOf } from "./shape";

export interface Box {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

export function boxOf(layout: Layout, shape: Shape, cell: number): Box {
  const item = itemOf(shape, cell);
  const trial = cell - startOf(shape, item);
  const place = placeOf(shape, item);
  return {
    left: Math.floor(place / layout.rows) * layout.blockWidth + trial * layout.cellWidth,
    top: (place % layout.rows) * layout.cellHeight,
    width: layout.cellWidth - layout.gap,
    height: layout.cellHeight - layout.gap,
  };
}

/** The cell under a point, or -1. */
export function cellAt(layout: Layout, shape: Shape, x: number, y: number): number {
  if (x < 0 || y < 0 || x >= layout.width || y >= layout.height) return -1;
  const block = Math.floor(x / layout.blockWidth);
  const trial = Math.floor((x - block * layout.blockWidth) / layout.cellWidth);
  const row = Math.floor(y / layout.cellHeight);
  return cellOf(shape, itemAt(shape, block * layout.rows + row), trial);
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
  cells: number;
  /** The first cell of each item when items have unlike numbers of runs, else null; also null of more than MOST_STARTS. */
  starts: number[] | null;
  /** The place of each item when they are drawn in another order, else null; also null of more than MOST_STARTS. */
  places: number[] | null;
}

export function geometryOf(layout: Layout, shape: Shape): Geometry {
  const { rows, trials, cellWidth, cellHeight, blockWidth } = layout;
  const starts =
    shape.starts && shape.items <= MOST_STARTS
      ? Array.from(shape.starts.subarray(0, shape.items))
      : null;
  const places = shape.places && shape.items <= MOST_STARTS ? Array.from(shape.places) : null;
  return { rows, trials, cellWidth, cellHeight, blockWidth, cells: shape.cells, starts, places };
}

export function cellCentre(geometry: Geometry, cell: number): { x: number; y: number } {
  const { rows, trials, cellWidth, cellHeight, blockWidth, starts, places } = geometry;
  const item = starts ? starts.findLastIndex((start) => start <= cell) : Math.floor(cell / trials);
  const trial = cell - (starts ? starts[item] : item * trials);
  const place = places ? places[item] : item;
  return {
    x: Math.floor(place / rows) * blockWidth + (trial + 0.5) * cellWidth,
    y: ((place % rows) + 0.5) * cellHeight,
  };
}
