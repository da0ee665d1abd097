// Draws the cells: one backing pixel a cell (or several cells a pixel), put once a frame and scaled up without
// smoothing; then the gaps are cut out and the marks drawn. Only rows that changed are drawn again.

import { PLAIN, Ranks, type Shading } from "../cells/shading";
import type { Shape } from "../cells/shape";
import type { Layout } from "../geometry/layout";
import { leftOf } from "../geometry/viewport";
import { drawMarks, inner, LEAST_FOR_OUTLINES } from "./marks";
import { type Palette, pixelsOf } from "./palette";
import { Raster } from "./raster";

export type Painter = ReturnType<typeof painter>;

export function painter(canvas: HTMLCanvasElement) {
  const view = canvas.getContext("2d");
  const backing = document.createElement("canvas");
  const backed = backing.getContext("2d");
  let raster: Raster | null = null;
  let ranks = new Ranks(PLAIN);
  let image: ImageData | null = null;
  let pixels: Uint32Array = new Uint32Array(0);
  let colours: Uint32Array = new Uint32Array(0);
  let palette: Palette | null = null;
  let layout: Layout | null = null;
  let shape: Shape | null = null;
  let ratio = 1;
  /** Of numbers beside the cells, and of edges. */
  let quiet = "";
  let loud = "";
  let dirty: [from: number, to: number] | null = null;
  /** What the next frame is to be filled with, whole; until then single changes are in it anyway. */
  let whole: Uint8Array | null = null;

  /** What has no value is drawn as an outline in a colour that no scale has, or filled with it where there is no room. */
  function mix(): void {
    const hollow = layout !== null && Math.min(...inner(layout)) >= LEAST_FOR_OUTLINES;
    if (palette) colours = pixelsOf(palette, ranks, hollow);
  }

  /** Fills the image with all cells, in the frame and not in the handler that brought them. */
  function fill(): void {
    if (!raster || !whole) return;
    raster.fill(whole, ranks);
    whole = null;
    const [to, by, filled] = [pixels, colours, raster.ranks]; // quicker than what is outside
    for (let pixel = 0; pixel < filled.length; pixel++) to[pixel] = by[filled[pixel]];
    dirty = [0, raster.height];
  }

  /** What is selected has an edge, which may lie on its neighbours. */
  function soil(row: number, rows: number): void {
    const [from, to] = dirty ?? [row, row];
    dirty = ranks.shading.selected ? [0, rows] : [Math.min(from, row), Math.max(to, row + 1)];
  }

  function drawBlocks(
    on: CanvasRenderingContext2D,
    of: Layout,
    { fullWidth, fullHeight, left, top, width }: Raster,
    from: number,
    to: number,
  ): void {
    const rowHeight = of.height / fullHeight;
    const rows = to - from;
    const y = (top + from) * rowHeight;
    on.clearRect(of.x, y, of.shownWidth, rows * rowHeight);
    const inOne = !of.left && of.blockWidth * of.blocks === of.width;
    const wide = inOne ? width : of.trials;
    const pixel = inOne ? of.width / fullWidth : of.cellWidth;
    for (let column = 0; column < width; column += wide) {
      const x = inOne ? left * pixel : leftOf(of, left + column);
      on.drawImage(backing, column, from, wide, rows, x, y, wide * pixel, rows * rowHeight);
    }
  }

  return {
    get raster() {
      return raster;
    },
    get ranks() {
      return ranks;
    },
    get palette() {
      return palette;
    },
    /** Fits the canvas to the layout. Everything has to be filled again. */
    resize(next: Layout, of: Shape, pixelRatio: number): void {
      layout = next;
      shape = of;
      ratio = pixelRatio;
      const whole = (length: number) => Math.max(1, Math.round(length * ratio));
      const [width, height] = [whole(next.shownWidth), whole(next.top + next.shownHeight)];
      if (canvas.width !== width || canvas.height !== height) {
        Object.assign(canvas, { width, height });
        Object.assign(canvas.style, { width: `${width / ratio}px`, height: `${height / ratio}px` });
      }
      raster = new Raster(next, of, ratio);
      backing.width = raster.width;
      backing.height = raster.height;
      image = backed?.createImageData(raster.width, raster.height) ?? null;
      pixels = new Uint32Array(image?.data.buffer ?? new ArrayBuffer(0));
      mix();
    },
    /** Everything has to be filled again. */
    colour(next: Palette, shading: Shading): void {
      if (shading !== ranks.shading) ranks = new Ranks(shading);
      palette = next;
      quiet = getComputedStyle(canvas).color;
      loud = getComputedStyle(canvas.parentElement ?? canvas).color;
      mix();
    },
    /** Takes the states over for the next frame; `changed` null means all of them. They may change in place until then. */
    take(states: Uint8Array, changed: Uint32Array | null): void {
      if (!changed) whole = states;
      if (!raster || !changed || whole) return;
      for (const cell of changed) {
        const pixel = raster.update(states, cell, ranks);
        if (pixel < 0) continue;
        pixels[pixel] = colours[raster.ranks[pixel]];
        soil(Math.floor(pixel / raster.width), raster.height);
      }
    },
    draw(): void {
      fill();
      if (!view || !backed || !image || !raster || !dirty || !layout || !shape || !palette) return;
      const [from, to] = dirty;
      dirty = null;
      backed.putImageData(image, 0, 0, 0, from, raster.width, to - from);
      if (to - from === raster.height) {
        view.resetTransform();
        view.clearRect(0, 0, canvas.width, canvas.height);
      }
      view.setTransform(ratio, 0, 0, ratio, -layout.x * ratio, (layout.top - layout.y) * ratio);
      view.imageSmoothingEnabled = false;
      drawBlocks(view, layout, raster, from, to);
      drawMarks({ view, layout, raster, shape, ranks, palette, quiet, loud }, from, to);
    },
  };
}
