// Draws the cells: one backing pixel a cell (or several cells a pixel), put once a frame and scaled up without
// smoothing; then the gaps are cut out and the marks drawn. Only rows that changed are drawn again.
import type { Layout } from "./layout";
import { type Palette, pixelsOf } from "./palette";
import { Raster } from "./raster";
import { LIT, MISSING, PLAIN, Ranks, SCALE, type Shading } from "./shading";
import { itemAt, type Shape } from "./shape";
import { KINDS_BY_SEVERITY, type Kind } from "./states";
import { leftOf } from "./viewport";

const LEAST_FOR_MARKS = 6;
const rankOf = (kind: Kind) => 1 + KINDS_BY_SEVERITY.indexOf(kind);
const STROKE = rankOf("scoring_failed");
const DOT = rankOf("scores_missing");
const MOST = rankOf("task_failed");
const LEAST_FOR_OUTLINES = 5;
const LEAST_FOR_EDGES = 3;
const FONT = "10px system-ui, sans-serif";

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
      if (pixel < 0) continue;
      this.pixels[pixel] = this.colours[raster.ranks[pixel]];
      this.soil(Math.floor(pixel / raster.width), raster.height);
    }
  }

  draw(): void {
    this.fill();
    const { view, backed, image, raster, dirty, layout } = this;
    if (!view || !backed || !image || !raster || !dirty || !layout) return;
    this.dirty = null;
    const [from, to] = dirty;
    backed.putImageData(image, 0, 0, 0, from, raster.width, to - from);
    const { x, y, top, shownWidth } = layout;
    if (to - from === raster.height) this.wipe(view);
    view.setTransform(this.ratio, 0, 0, this.ratio, -x * this.ratio, (top - y) * this.ratio);
    view.imageSmoothingEnabled = false;
    const rowHeight = layout.height / raster.fullHeight;
    view.clearRect(x, (raster.top + from) * rowHeight, shownWidth, (to - from) * rowHeight);
    this.drawBlocks(view, layout, raster, from, to);
    if (layout.gap) this.cutGaps(view, layout, raster, from, to);
    if (this.spares(LEAST_FOR_MARKS)) this.drawMarks(view, layout, raster, from, to);
    if (this.ranks.shading.plane && this.spares(LEAST_FOR_OUTLINES)) {
      this.drawMissing(view, layout, raster, from, to);
    }
    if (this.ranks.shading.selected && this.spares(LEAST_FOR_EDGES)) {
      this.drawEdges(view, layout, raster, from, to);
    }
    if (layout.left) this.drawItems(view, layout, raster, from, to);
    if (layout.top) this.drawTrials(view, layout, raster);
  }

  private wipe(view: CanvasRenderingContext2D): void {
    view.resetTransform();
    view.clearRect(0, 0, this.canvas.width, this.canvas.height);
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

  /** What is selected has an edge, which is drawn by the neighbours as well. */
  private soil(row: number, rows: number): void {
    const beside = this.ranks.shading.selected ? 1 : 0;
    const [from, to] = this.dirty ?? [row, row];
    this.dirty = [
      Math.min(from, Math.max(0, row - beside)),
      Math.max(to, Math.min(rows, row + 1 + beside)),
    ];
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
    const inOne = layout.blockWidth * layout.blocks === layout.width;
    const wide = inOne ? raster.width : layout.trials;
    const pixel = inOne ? layout.width / raster.fullWidth : layout.cellWidth;
    for (let column = 0; column < raster.width; column += wide) {
      const left = inOne ? raster.left * pixel : leftOf(layout, raster.left + column);
      const [width, rows] = [wide * pixel, to - from];
      view.drawImage(this.backing, column, from, wide, rows, left, top, width, height);
    }
  }

  private cutGaps(
    view: CanvasRenderingContext2D,
    layout: Layout,
    raster: Raster,
    from: number,
    to: number,
  ): void {
    const { cellWidth, cellHeight, gap, x, shownWidth } = layout;
    const [top, height] = [(raster.top + from) * cellHeight, (to - from) * cellHeight];
    for (let row = raster.top + from; row < raster.top + to; row++) {
      view.clearRect(x, (row + 1) * cellHeight - gap, shownWidth, gap);
    }
    for (let column = raster.left; column < raster.left + raster.width; column++) {
      view.clearRect(leftOf(layout, column) + cellWidth - gap, top, gap, height);
    }
  }

  /** Every cell in these rows that has a rank, with the top left of its box. */
  private each(
    layout: Layout,
    raster: Raster,
    from: number,
    to: number,
    visit: (rank: number, left: number, top: number, pixel: number) => void,
  ): void {
    const lefts = Array.from({ length: raster.width }, (_, at) => leftOf(layout, raster.left + at));
    for (let row = from, pixel = from * raster.width; row < to; row++) {
      const top = (raster.top + row) * layout.cellHeight;
      for (let column = 0; column < raster.width; column++, pixel++) {
        if (raster.ranks[pixel]) visit(raster.ranks[pixel], lefts[column], top, pixel);
      }
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
    const verdicts = this.ranks.shading.plane?.verdicts;
    view.beginPath();
    this.each(layout, raster, from, to, (each, left, top) => {
      const rank = this.seen(each);
      if (rank >= DOT && rank <= MOST) addMark(view, rank, left + x, top + y, size);
      else if (verdicts && rank === MISSING - 1) addMark(view, STROKE, left + x, top + y, size);
      else if (verdicts && rank === SCALE) addMark(view, DOT, left + x, top + y, size);
    });
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
    this.each(layout, raster, from, to, (rank, left, top) => {
      if (this.seen(rank) === MISSING) view.rect(left + 0.5, top + 0.5, width - 1, height - 1);
    });
    view.stroke();
  }

  /** The edge of what is selected, inside its cells: no row is drawn on by another. */
  private drawEdges(
    view: CanvasRenderingContext2D,
    layout: Layout,
    raster: Raster,
    from: number,
    to: number,
  ): void {
    const [width, height] = [layout.cellWidth - layout.gap, layout.cellHeight - layout.gap];
    const { ranks, width: across } = raster;
    const lit = (pixel: number) => (ranks[pixel] & LIT) !== 0;
    const line = Math.min(width, height) >= 8 ? 1.5 : 1;
    view.beginPath();
    this.each(layout, raster, from, to, (rank, left, top, pixel) => {
      if (!(rank & LIT)) return;
      const column = pixel % across;
      if (!column || !lit(pixel - 1)) view.rect(left, top, line, height);
      if (column === across - 1 || !lit(pixel + 1))
        view.rect(left + width - line, top, line, height);
      if (!lit(pixel - across)) view.rect(left, top, width, line);
      if (!lit(pixel + across)) view.rect(left, top + height - line, width, line);
    });
    view.fillStyle = this.loud;
    view.fill();
  }

  /** The number of the item before each row of trials. */
  private drawItems(
    view: CanvasRenderingContext2D,
    layout: Layout,
    raster: Raster,
    from: number,
    to: number,
  ): void {
    const { shape } = this;
    if (!shape) return;
    this.write(view, "right");
    for (let column = raster.left; column < raster.left + raster.width; column += layout.trials) {
      const left = leftOf(layout, column) - 4;
      for (let row = raster.top + from; row < raster.top + to; row++) {
        const place = (column / layout.trials) * layout.rows + row;
        if (place >= shape.items) break;
        const middle = (row + 0.5) * layout.cellHeight;
        view.fillText(String(itemAt(shape, place)), left, middle);
      }
    }
  }

  /** The numbers of trials, above all rows however far down these are. */
  private drawTrials(view: CanvasRenderingContext2D, layout: Layout, raster: Raster): void {
    view.clearRect(layout.x, layout.y - layout.top, layout.shownWidth, layout.top);
    this.write(view, "center");
    for (let column = raster.left; column < raster.left + raster.width; column++) {
      const middle = leftOf(layout, column) + layout.cellWidth / 2;
      view.fillText(String(column % layout.trials), middle, layout.y - layout.top / 2);
    }
  }

  private write(view: CanvasRenderingContext2D, align: CanvasTextAlign): void {
    Object.assign(view, {
      font: FONT,
      textAlign: align,
      textBaseline: "middle",
      fillStyle: this.quiet,
    });
  }
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
