// One rank (see RANKS) for each pixel of the backing image. A pixel is one cell while there is room; below a
// device pixel a cell, several cells share one and the worst of them is seen.
import type { Layout } from "./layout";
import { cellOf, itemOf, runsOf, type Shape, startOf } from "./shape";
import { RANKS } from "./states";

/** The least troubling state byte. */
const LEAST = RANKS.indexOf(1);

export class Raster {
  readonly width: number;
  readonly height: number;
  readonly ranks: Uint8Array;
  private columns: number;

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
  }

  get squeezed(): boolean {
    return this.width < this.columns || this.height < this.layout.rows;
  }

  fill(states: Uint8Array): void {
    this.ranks.fill(0);
    for (let item = 0; item < this.shape.items; item++) {
      const start = startOf(this.shape, item);
      for (let trial = runsOf(this.shape, item) - 1; trial >= 0; trial--) {
        const pixel = this.pixelOf(item, trial);
        this.ranks[pixel] = Math.max(this.ranks[pixel], RANKS[states[start + trial]]);
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
    const row = item % this.layout.rows;
    const x = Math.floor(((column + 0.5) * this.width) / this.columns);
    const y = Math.floor(((row + 0.5) * this.height) / this.layout.rows);
    return y * this.width + x;
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

/** The cells [from, to) whose centres fall on one of `pixels` pixels. */
function covered(pixel: number, pixels: number, cells: number): [number, number] {
  const first = (edge: number) => Math.ceil((edge * cells) / pixels - 0.5);
  return [first(pixel), first(pixel + 1)];
}

/** The worst state of each of at most `most` stretches of cells: a whole experiment as one line. */
export function stretch(states: Uint8Array, most: number): Uint8Array {
  const length = Math.min(most, states.length);
  const worst = new Uint8Array(length).fill(LEAST);
  for (let cell = 0; cell < states.length; cell++) {
    const place = Math.floor((cell * length) / states.length);
    if (RANKS[states[cell]] > RANKS[worst[place]]) worst[place] = states[cell];
  }
  return worst;
}
