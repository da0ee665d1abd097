// One rank (see shading.ts) for each pixel of the backing image. A pixel is one cell while there is room; below a
// device pixel a cell, several cells share one and the worst of them is seen. Of a magnified layout only what is shown
// has pixels.

import type { Ranks } from "../cells/shading";
import { itemAt, runsOf, type Shape, startOf } from "../cells/shape";
import { RANKS } from "../cells/states";
import type { Layout } from "../geometry/layout";
import { cellIn, spotOf } from "../geometry/viewport";

export class Raster {
  readonly width: number;
  readonly height: number;
  /** The first pixel that is shown, among those of all cells, and how many those would be. */
  readonly left: number;
  readonly top: number;
  readonly fullWidth: number;
  readonly fullHeight: number;
  readonly ranks: Uint16Array;
  private columns: number;
  /** The pixel column of each column of cells, and the first pixel of the row that each row of cells is on. */
  private lefts: Int32Array;
  private tops: Int32Array;

  constructor(
    private layout: Layout,
    private shape: Shape,
    ratio: number,
  ) {
    const room = (cells: number, length: number) =>
      Math.max(1, Math.min(cells, Math.round(length * ratio)));
    this.columns = layout.blocks * layout.trials;
    this.fullWidth = room(this.columns, layout.width);
    this.fullHeight = room(layout.rows, layout.height);
    const [left, right] = this.shownColumns();
    const along = (y: number) => (y * this.fullHeight) / layout.height;
    this.left = left;
    this.top = Math.floor(along(layout.y));
    this.width = right - left;
    this.height =
      Math.min(this.fullHeight, Math.ceil(along(layout.y + layout.shownHeight))) - this.top;
    this.ranks = new Uint16Array(this.width * this.height);
    this.lefts = centres(this.columns, this.fullWidth, this.left, 1);
    this.tops = centres(layout.rows, this.fullHeight, this.top, this.width);
  }

  /** Pixels [from, to): whole blocks, as long as a cell has a pixel. */
  private shownColumns(): [number, number] {
    const { layout, fullWidth } = this;
    const { x, shownWidth, width, blockWidth, trials } = layout;
    const [unit, wide] = fullWidth < this.columns ? [width / fullWidth, 1] : [blockWidth, trials];
    const to = Math.ceil((x + shownWidth) / unit) * wide;
    return [Math.floor(x / unit) * wide, Math.min(fullWidth, to)];
  }

  private get whole(): boolean {
    return this.width === this.fullWidth && this.height === this.fullHeight;
  }

  get squeezed(): boolean {
    return this.fullWidth < this.columns || this.fullHeight < this.layout.rows;
  }

  fill(states: Uint8Array, of: Ranks): void {
    if (this.whole) this.fillWhole(states, of);
    else this.fillShown(states, of);
  }

  /** Only the cells that are shown. */
  private fillShown(states: Uint8Array, of: Ranks): void {
    const { ranks, lefts, tops, shape } = this;
    const { rows, trials } = this.layout;
    const [left, right] = covered(this.left, this.width, this.fullWidth, this.columns);
    const [top, bottom] = covered(this.top, this.height, this.fullHeight, rows);
    ranks.fill(0);
    for (let block = Math.floor(left / trials); block * trials < right; block++) {
      for (let row = top; row < bottom && block * rows + row < shape.items; row++) {
        const item = itemAt(shape, block * rows + row);
        const start = startOf(shape, item);
        const column = block * trials;
        const to = Math.min(right - column, runsOf(shape, item));
        for (let trial = Math.max(0, left - column); trial < to; trial++) {
          const rank = of.plain ? RANKS[states[start + trial]] : of.of(states, start + trial);
          const pixel = tops[row] + lefts[column + trial];
          if (rank > ranks[pixel]) ranks[pixel] = rank;
        }
      }
    }
  }

  /** One pass over all cells, without a division: it has a frame's time for a million of them. */
  private fillWhole(states: Uint8Array, of: Ranks): void {
    const { ranks, lefts, tops, shape } = this;
    const { rows, trials } = this.layout;
    const { starts, items, order } = shape;
    const [codes, table] = of.all(states);
    ranks.fill(0);
    let cell = 0;
    for (let place = 0, row = 0, left = 0; place < items; place++, row++) {
      if (row === rows) {
        row = 0;
        left += trials;
      }
      const item = order ? order[place] : place;
      const runs = starts ? starts[item + 1] - starts[item] : trials;
      if (order) cell = starts ? starts[item] : item * trials;
      const top = tops[row];
      for (let column = left; column < left + runs; column++) {
        const rank = table[codes[cell++]];
        const pixel = top + lefts[column];
        if (rank > ranks[pixel]) ranks[pixel] = rank;
      }
    }
  }

  /** Ranks the pixel of a cell anew; returns the pixel, or -1 of a cell that is not shown. */
  update(states: Uint8Array, cell: number, of: Ranks): number {
    const pixel = this.pixelOf(cell);
    if (pixel < 0) return pixel;
    const worst = this.worstIn(states, pixel, of);
    this.ranks[pixel] = worst < 0 ? 0 : of.of(states, worst);
    return pixel;
  }

  /** The most troubled of the cells that share a pixel with this one: the one that is seen. */
  seenInsteadOf(states: Uint8Array, cell: number, of: Ranks): number {
    return this.worstIn(states, this.pixelOf(cell), of);
  }

  private pixelOf(cell: number): number {
    const [column, row] = spotOf(this.layout, this.shape, cell);
    const [left, top] = [this.lefts[column], this.tops[row]];
    const shown = left >= 0 && left < this.width && top >= 0 && top < this.ranks.length;
    return shown ? top + left : -1;
  }

  private worstIn(states: Uint8Array, pixel: number, of: Ranks): number {
    const { width, fullWidth, fullHeight, columns, layout } = this;
    const [left, right] = covered(this.left + (pixel % width), 1, fullWidth, columns);
    const row = this.top + Math.floor(pixel / width);
    const [top, bottom] = covered(row, 1, fullHeight, layout.rows);
    let [worst, highest] = [-1, -1];
    for (let column = left; column < right; column++) {
      for (let row = top; row < bottom; row++) {
        const cell = cellIn(layout, this.shape, column, row);
        if (cell < 0) continue;
        const rank = of.of(states, cell);
        if (rank > highest) [worst, highest] = [cell, rank];
      }
    }
    return worst;
  }
}

/** The pixel that the centre of each cell in a line falls on, the first that is shown being 0; pixels are `apart` in the
 * image. */
function centres(cells: number, pixels: number, first: number, apart: number): Int32Array {
  return Int32Array.from(
    { length: cells },
    (_, cell) => (Math.floor(((cell + 0.5) * pixels) / cells) - first) * apart,
  );
}

/** The cells [from, to) whose centres fall on `many` pixels of `pixels`, from `pixel` on. */
function covered(pixel: number, many: number, pixels: number, cells: number): [number, number] {
  const first = (edge: number) => Math.ceil((edge * cells) / pixels - 0.5);
  return [first(pixel), first(pixel + many)];
}
