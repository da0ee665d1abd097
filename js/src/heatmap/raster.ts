// One rank (see RANKS) for each pixel of the backing image. A pixel is one cell while there is room; below a
// device pixel a cell, several cells share one and the worst of them is seen.
import type { Layout } from "./layout";
import { cellOf, itemOf, type Shape, startOf } from "./shape";
import { RANKS } from "./states";

export class Raster {
  readonly width: number;
  readonly height: number;
  readonly ranks: Uint8Array;
  private columns: number;
  /** The pixel column of each column of cells, and the first pixel of the row that each row of cells is on. */
  private lefts: Uint32Array;
  private tops: Uint32Array;

  constructor(
    private layout: Layout,
    private shape: Shape,
    ratio: number,
  ) {
    const room = (cells: number, length: number) =>
      Math.max(1, Math.min(cells, Math.round(length * ratio)));
    this.columns = layout.blocks * layout.trials;
    this.width = room(this.columns, layout.width);
    this.height = room(layout.rows, layout.height);
    this.ranks = new Uint8Array(this.width * this.height);
    this.lefts = centres(this.columns, this.width, 1);
    this.tops = centres(layout.rows, this.height, this.width);
  }

  get squeezed(): boolean {
    return this.width < this.columns || this.height < this.layout.rows;
  }

  /** One pass over all cells, without a division: it has a frame's time for a million of them. */
  fill(states: Uint8Array): void {
    const { ranks, lefts, tops, shape } = this;
    const { rows, trials } = this.layout;
    const { starts, items } = shape;
    ranks.fill(0);
    let cell = 0;
    for (let item = 0, row = 0, left = 0; item < items; item++, row++) {
      if (row === rows) {
        row = 0;
        left += trials;
      }
      const runs = starts ? starts[item + 1] - starts[item] : trials;
      const top = tops[row];
      for (let column = left; column < left + runs; column++) {
        const rank = RANKS[states[cell++]];
        const pixel = top + lefts[column];
        if (rank > ranks[pixel]) ranks[pixel] = rank;
      }
    }
  }

  /** Ranks the pixel of a cell anew; returns the pixel. */
  update(states: Uint8Array, cell: number): number {
    const item = itemOf(this.shape, cell);
    const pixel = this.pixelOf(item, cell - startOf(this.shape, item));
    const worst = this.worstIn(states, pixel);
    this.ranks[pixel] = worst < 0 ? 0 : RANKS[states[worst]];
    return pixel;
  }

  /** The most troubled of the cells that share a pixel with this one: the one that is seen. */
  seenInsteadOf(states: Uint8Array, cell: number): number {
    const item = itemOf(this.shape, cell);
    return this.worstIn(states, this.pixelOf(item, cell - startOf(this.shape, item)));
  }

  private pixelOf(item: number, trial: number): number {
    const column = Math.floor(item / this.layout.rows) * this.layout.trials + trial;
    return this.tops[item % this.layout.rows] + this.lefts[column];
  }

  private worstIn(states: Uint8Array, pixel: number): number {
    const [left, right] = covered(pixel % this.width, this.width, this.columns);
    const [top, bottom] = covered(Math.floor(pixel / this.width), this.height, this.layout.rows);
    let worst = -1;
    for (let column = left; column < right; column++) {
      for (let row = top; row < bottom; row++) {
        const cell = this.cellIn(column, row);
        if (cell >= 0 && (worst < 0 || RANKS[states[cell]] > RANKS[states[worst]])) worst = cell;
      }
    }
    return worst;
  }

  private cellIn(column: number, row: number): number {
    const block = Math.floor(column / this.layout.trials);
    return cellOf(this.shape, block * this.layout.rows + row, column % this.layout.trials);
  }
}

/** The pixel that the centre of each cell in a line falls on; pixels are `apart` in the image. */
function centres(cells: number, pixels: number, apart: number): Uint32Array {
  return Uint32Array.from(
    { length: cells },
    (_, cell) => Math.floor(((cell + 0.5) * pixels) / cells) * apart,
  );
}

/** The cells [from, to) whose centres fall on one of `pixels` pixels. */
function covered(pixel: number, pixels: number, cells: number): [number, number] {
  const first = (edge: number) => Math.ceil((edge * cells) / pixels - 0.5);
  return [first(pixel), first(pixel + 1)];
}
