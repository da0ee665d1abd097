// Draws the cells: one backing pixel a cell (or several cells a pixel), put once a frame and scaled up without
// smoothing; then the gaps are cut out and the marks drawn. Only rows that changed are drawn again.
import type { Layout } from "./layout";
import { type Palette, pixelsOf } from "./palette";
import { Raster } from "./raster";
import { LIT, MISSING, PLAIN, Ranks, type Shading } from "./shading";
import type { Shape } from "./shape";
import { KINDS_BY_SEVERITY, type Kind } from "./states";

const LEAST_FOR_MARKS = 6;
const rankOf = (kind: Kind) => 1 + KINDS_BY_SEVERITY.indexOf(kind);
const STROKE = rankOf("scoring_failed");
const DOT = rankOf("scores_missing");
const MOST = rankOf("task_failed");
const LEAST_FOR_OUTLINES = 5;

export class Painter {
  raster: Raster | null = null;
  ranks = new Ranks(PLAIN);
  private view: CanvasRenderingContext2D | null;
  private backing = document.createElement("canvas");
  private backed: CanvasRenderingContext2D | null;
  private image: ImageData | null = null;
  private pixels: Uint32Array = new Uint32Array(0);
  private colours: Uint32Array = new Uint32Array(0);
  private palette: Palette | null = null;
  private layout: Layout | null = null;
  private ratio = 1;
  private dirty: [from: number, to: number] | null = null;
  /** What the next frame is to be filled with, whole; until then single changes are in it anyway. */
  private whole: Uint8Array | null = null;

  constructor(private canvas: HTMLCanvasElement) {
    this.view = canvas.getContext("2d");
    this.backed = this.backing.getContext("2d");
  }

  /** Fits the canvas to the layout. Everything has to be filled again. */
  resize(layout: Layout, shape: Shape, ratio: number): void {
    this.layout = layout;
    this.ratio = ratio;
    const pixels = (length: number) => Math.max(1, Math.round(length * ratio));
    this.canvas.width = pixels(layout.width);
    this.canvas.height = pixels(layout.height);
    this.canvas.style.width = `${this.canvas.width / ratio}px`;
    this.canvas.style.height = `${this.canvas.height / ratio}px`;
    this.raster = new Raster(layout, shape, ratio);
    this.backing.width = this.raster.width;
    this.backing.height = this.raster.height;
    this.image = this.backed?.createImageData(this.raster.width, this.raster.height) ?? null;
    this.pixels = new Uint32Array(this.image?.data.buffer ?? new ArrayBuffer(0));
    this.mix();
  }

  /** Everything has to be filled again. */
  colour(palette: Palette, shading: Shading): void {
    if (shading !== this.ranks.shading) this.ranks = new Ranks(shading);
    this.palette = palette;
    this.mix();
  }

  /** What has no value is drawn as an outline in a colour that no scale has, or filled with it where there is no room. */
  private mix(): void {
    if (this.palette)
      this.colours = pixelsOf(this.palette, this.ranks, this.spares(LEAST_FOR_OUTLINES));
  }

  /** Whether cells are at least as large. */
  private spares(length: number): boolean {
    const { layout } = this;
    if (!layout) return false;
    return Math.min(layout.cellWidth, layout.cellHeight) - layout.gap >= length;
  }

  /** Takes the states over for the next frame; `changed` null means all of them. They may change in place until then. */
  take(states: Uint8Array, changed: Uint32Array | null): void {
    const raster = this.raster;
    if (!changed) this.whole = states;
    if (!raster || !changed || this.whole) return;
    for (const cell of changed) {
      const pixel = raster.update(states, cell, this.ranks);
      this.pixels[pixel] = this.colours[raster.ranks[pixel]];
      this.soil(Math.floor(pixel / raster.width));
    }
  }

  draw(): void {
    this.fill();
    const { view, backed, image, raster, dirty, layout } = this;
    if (!view || !backed || !image || !raster || !dirty || !layout) return;
    this.dirty = null;
    const [from, to] = dirty;
    backed.putImageData(image, 0, 0, 0, from, raster.width, to - from);
    view.setTransform(this.ratio, 0, 0, this.ratio, 0, 0);
    view.imageSmoothingEnabled = false;
    const rowHeight = layout.height / raster.height;
    view.clearRect(0, from * rowHeight, layout.width, (to - from) * rowHeight);
    this.drawBlocks(view, layout, raster, from, to);
    if (layout.gap) this.cutGaps(view, layout, from, to);
    if (this.spares(LEAST_FOR_MARKS)) this.drawMarks(view, layout, raster, from, to);
    if (this.ranks.shading.plane && this.spares(LEAST_FOR_OUTLINES)) {
      this.drawMissing(view, layout, raster, from, to);
    }
  }

  /** The rank without its mark, or 0 of a cell that is not marked when others are. */
  private seen(rank: number): number {
    if (!this.ranks.marks) return rank;
    return rank & LIT ? rank & ~LIT : 0;
  }

  /** Fills the image with all cells, in the frame and not in the handler that brought them. */
  private fill(): void {
    const { raster, whole, pixels, colours } = this;
    if (!raster || !whole) return;
    this.whole = null;
    raster.fill(whole, this.ranks);
    const { ranks } = raster;
    for (let pixel = 0; pixel < ranks.length; pixel++) pixels[pixel] = colours[ranks[pixel]];
    this.dirty = [0, raster.height];
  }

  private soil(row: number): void {
    const [from, to] = this.dirty ?? [row, row];
    this.dirty = [Math.min(from, row), Math.max(to, row + 1)];
  }

  private drawBlocks(
    view: CanvasRenderingContext2D,
    layout: Layout,
    raster: Raster,
    from: number,
    to: number,
  ): void {
    const inOne = layout.blockWidth * layout.blocks === layout.width;
    const blocks = inOne ? 1 : layout.blocks;
    const wide = inOne ? raster.width : layout.trials;
    const drawn = inOne ? layout.width : layout.trials * layout.cellWidth;
    const rowHeight = layout.height / raster.height;
    const [top, height] = [from * rowHeight, (to - from) * rowHeight];
    for (let block = 0; block < blocks; block++) {
      const left = block * layout.blockWidth;
      view.drawImage(this.backing, block * wide, from, wide, to - from, left, top, drawn, height);
    }
  }

  private cutGaps(view: CanvasRenderingContext2D, layout: Layout, from: number, to: number): void {
    const { cellWidth, cellHeight, gap } = layout;
    const [top, height] = [from * cellHeight, (to - from) * cellHeight];
    for (let row = from; row < to; row++) {
      view.clearRect(0, (row + 1) * cellHeight - gap, layout.width, gap);
    }
    for (let column = 0; column < layout.blocks * layout.trials; column++) {
      view.clearRect(leftOf(layout, column) + cellWidth - gap, top, gap, height);
    }
  }

  private drawMarks(
    view: CanvasRenderingContext2D,
    layout: Layout,
    raster: Raster,
    from: number,
    to: number,
  ): void {
    const x = (layout.cellWidth - layout.gap) / 2;
    const y = (layout.cellHeight - layout.gap) / 2;
    const size = Math.min(4, Math.min(x, y) - 1.5);
    view.beginPath();
    for (let pixel = from * raster.width; pixel < to * raster.width; pixel++) {
      const rank = this.seen(raster.ranks[pixel]);
      if (rank < DOT || rank > MOST) continue;
      const centreX = leftOf(layout, pixel % raster.width) + x;
      const centreY = Math.floor(pixel / raster.width) * layout.cellHeight + y;
      addMark(view, rank, centreX, centreY, size);
    }
    view.strokeStyle = this.palette?.mark ?? "";
    view.lineWidth = size > 2.5 ? 1.5 : 1.2;
    view.stroke();
  }

  private drawMissing(
    view: CanvasRenderingContext2D,
    layout: Layout,
    raster: Raster,
    from: number,
    to: number,
  ): void {
    const [width, height] = [layout.cellWidth - layout.gap, layout.cellHeight - layout.gap];
    view.strokeStyle = this.palette?.kinds.scores_missing ?? "";
    view.lineWidth = 1;
    view.beginPath();
    for (let pixel = from * raster.width; pixel < to * raster.width; pixel++) {
      if (this.seen(raster.ranks[pixel]) !== MISSING) continue;
      const top = Math.floor(pixel / raster.width) * layout.cellHeight;
      view.rect(leftOf(layout, pixel % raster.width) + 0.5, top + 0.5, width - 1, height - 1);
    }
    view.stroke();
  }
}

function leftOf(layout: Layout, column: number): number {
  const block = Math.floor(column / layout.trials);
  return block * layout.blockWidth + (column % layout.trials) * layout.cellWidth;
}

function addMark(
  view: CanvasRenderingContext2D,
  rank: number,
  x: number,
  y: number,
  size: number,
): void {
  if (rank === DOT) {
    view.rect(x - 0.75, y - 0.75, 1.5, 1.5);
    return;
  }
  view.moveTo(x - size, y + size);
  view.lineTo(x + size, y - size);
  if (rank === STROKE) return;
  view.moveTo(x - size, y - size);
  view.lineTo(x + size, y + size);
}
