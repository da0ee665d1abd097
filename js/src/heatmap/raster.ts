// One rank (see shading.ts) for each pixel of the backing image. A pixel is one cell while there is room; below a
// device pixel a cell, several cells share one and the worst of them is seen.
import type { Layout } from "./layout";
import type { Ranks } from "./shading";
import { cellOf, itemAt, itemOf, placeOf, type Shape, startOf } from "./shape";

export class Raster {
  readonly width: number;
  readonly height: number;
  readonly ranks: Uint16Array;
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
    this.ranks = new Uint16Array(this.width * this.height);
    this.lefts = centres(this.columns, this.width, 1);
    this.tops = centres(layout.rows, this.height, this.width);
  }

  get squeezed(): boolean {
    return this.width < this.columns || this.height < this.layout.rows;
  }

  /** One pass over all cells, without a division: it has a frame's time for a million of them. */
  fill(states: Uint8Array, of: Ranks): void {
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

  /** Ranks the pixel of a cell anew; returns the pixel. */
  update(states: Uint8Array, cell: number, of: Ranks): number {
    const item = itemOf(this.shape, cell);
    const pixel = this.pixelOf(item, cell - startOf(this.shape, item));
    const worst = this.worstIn(states, pixel, of);
    this.ranks[pixel] = worst < 0 ? 0 : of.of(states, worst);
    return pixel;
  }

  /** The most troubled of the cells that share a pixel with this one: the one that is seen. */
  seenInsteadOf(states: Uint8Array, cell: number, of: Ranks): number {
    const item = itemOf(this.shape, cell);
    return this.worstIn(states, this.pixelOf(item, cell - startOf(this.shape, item)), of);
  }

  private pixelOf(item: number, trial: number): number {
    const place = placeOf(this.shape, item);
    const column = Math.floor(place / this.layout.rows) * this.layout.trials + trial;
    return this.tops[place % this.layout.rows] + this.lefts[column];
  }

  private worstIn(states: Uint8Array, pixel: number, of: Ranks): number {
    const [left, right] = covered(pixel % this.width, this.width, this.columns);
    const [top, bottom] = covered(Math.floor(pixel / this.width), this.height, this.layout.rows);
    let [worst, highest] = [-1, -1];
    for (let column = left; column < right; column++) {
      for (let row = top; row < bottom; row++) {
        const cell = this.cellIn(column, row);
        if (cell < 0) continue;
        const rank = of.of(states, cell);
        if (rank > highest) [worst, highest] = [cell, rank];
      }
    }
    return worst;
  }

  private cellIn(column: number, row: number): number {
    const block = Math.floor(column / this.layout.trials);
    const item = itemAt(this.shape, block * this.layout.rows + row);
    return cellOf(this.shape, item, column % this.layout.trials);
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
