// Draws the cells: one backing pixel a cell (or several cells a pixel), put once a frame and scaled up without
// smoothing; then the gaps are cut out and the marks drawn. Only rows that changed are drawn again.
import type { Layout } from "./layout";
import { drawMarks, inner, LEAST_FOR_OUTLINES } from "./marks";
import { type Palette, pixelsOf } from "./palette";
import { Raster } from "./raster";
import { PLAIN, Ranks, type Shading } from "./shading";
import type { Shape } from "./shape";
import { leftOf } from "./viewport";

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
  private shape: Shape | null = null;
  private ratio = 1;
  /** Of numbers beside the cells, and of edges. */
  private quiet = "";
  private loud = "";
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
    this.shape = shape;
    this.ratio = ratio;
    const pixels = (length: number) => Math.max(1, Math.round(length * ratio));
    const [width, height] = [pixels(layout.shownWidth), pixels(layout.top + layout.shownHeight)];
    if (this.canvas.width !== width || this.canvas.height !== height) {
      Object.assign(this.canvas, { width, height });
      Object.assign(this.canvas.style, {
        width: `${width / ratio}px`,
        height: `${height / ratio}px`,
      });
    }
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
    this.quiet = getComputedStyle(this.canvas).color;
    this.loud = getComputedStyle(this.canvas.parentElement ?? this.canvas).color;
    this.mix();
  }

  /** What has no value is drawn as an outline in a colour that no scale has, or filled with it where there is no room. */
  private mix(): void {
    const { layout, palette } = this;
    const hollow = layout !== null && Math.min(...inner(layout)) >= LEAST_FOR_OUTLINES;
    if (palette) this.colours = pixelsOf(palette, this.ranks, hollow);
  }

  /** Takes the states over for the next frame; `changed` null means all of them. They may change in place until then. */
  take(states: Uint8Array, changed: Uint32Array | null): void {
    const raster = this.raster;
    if (!changed) this.whole = states;
    if (!raster || !changed || this.whole) return;
    for (const cell of changed) {
      const pixel = raster.update(states, cell, this.ranks);
      if (pixel < 0) continue;
      this.pixels[pixel] = this.colours[raster.ranks[pixel]];
      this.soil(Math.floor(pixel / raster.width), raster.height);
    }
  }

  draw(): void {
    this.fill();
    const { view, backed, image, raster, dirty, layout, shape, palette, ratio, ranks } = this;
    if (!view || !backed || !image || !raster || !dirty || !layout || !shape || !palette) return;
    this.dirty = null;
    const [from, to] = dirty;
    backed.putImageData(image, 0, 0, 0, from, raster.width, to - from);
    if (to - from === raster.height) {
      view.resetTransform();
      view.clearRect(0, 0, this.canvas.width, this.canvas.height);
    }
    view.setTransform(ratio, 0, 0, ratio, -layout.x * ratio, (layout.top - layout.y) * ratio);
    view.imageSmoothingEnabled = false;
    const { quiet, loud } = this;
    this.drawBlocks(view, layout, raster, from, to);
    drawMarks({ view, layout, raster, shape, ranks, palette, quiet, loud }, from, to);
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

  /** What is selected has an edge, which may lie on its neighbours. */
  private soil(row: number, rows: number): void {
    const [from, to] = this.dirty ?? [row, row];
    const { selected } = this.ranks.shading;
    this.dirty = selected ? [0, rows] : [Math.min(from, row), Math.max(to, row + 1)];
  }

  private drawBlocks(
    view: CanvasRenderingContext2D,
    layout: Layout,
    raster: Raster,
    from: number,
    to: number,
  ): void {
    const rowHeight = layout.height / raster.fullHeight;
    const [top, height] = [(raster.top + from) * rowHeight, (to - from) * rowHeight];
    view.clearRect(layout.x, top, layout.shownWidth, height);
    const inOne = !layout.left && layout.blockWidth * layout.blocks === layout.width;
    const wide = inOne ? raster.width : layout.trials;
    const pixel = inOne ? layout.width / raster.fullWidth : layout.cellWidth;
    for (let column = 0; column < raster.width; column += wide) {
      const left = inOne ? raster.left * pixel : leftOf(layout, raster.left + column);
      const [width, rows] = [wide * pixel, to - from];
      view.drawImage(this.backing, column, from, wide, rows, left, top, width, height);
    }
  }
}
