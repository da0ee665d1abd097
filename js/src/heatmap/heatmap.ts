// The heatmap put together: states in, pixels, keys and clicks out. No framework.
//
// While there are cells, the wrapper carries `data-geometry`, JSON of `Geometry`. The centre of cell n, in CSS pixels from the top left
// of its canvas, is then, with item = n // trials and trial = n % trials (or looked up in `starts`) and the item's place
// (the item itself, or looked up in `places`),
//   x = (place // rows) * blockWidth + (trial + 0.5) * cellWidth,  y = (place % rows + 0.5) * cellHeight
// which is what `cellCentre(geometry, n)` computes.
import { stateOf } from "../protocol";
import { type Furniture, furnish, ring, tip } from "./furniture";
import { commandOf, nextTrouble } from "./keyboard";
import { fold, type Layout } from "./layout";
import { Painter } from "./painter";
import type { Palette } from "./palette";
import { PLAIN, type Shading } from "./shading";
import { itemOf, placeOf, trialOf } from "./shape";
import type { CellStates } from "./states";
import { boxOf, cellAt, geometryOf } from "./viewport";

export { cellCentre, type Geometry } from "./viewport";

export interface Options {
  cells: CellStates;
  palette: Palette;
  /** Unique in the page: names the element that stands for the cell under the cursor. */
  id: string;
  signal: AbortSignal;
  /** In what n and N lead to the next and the last trouble. */
  keys: HTMLElement;
  inspect(cell: number): void;
  /** Lines about a cell, told with `tell` when they are known. */
  wonder(cell: number): void;
}

const TROUBLE_KEYS: Readonly<Record<string, 1 | -1>> = { n: 1, N: -1, p: -1 };
const WONDERING = 120;

export class Heatmap {
  private parts: Furniture;
  private painter: Painter;
  private layout: Layout | null = null;
  private fitted: readonly unknown[] = [];
  private width = 0;
  private cursor = 0;
  /** Whether the cursor has been anywhere yet. */
  private been = false;
  private picked: number | null = null;
  private hovered = -1;
  private hoveredByte: number | undefined;
  private told: readonly string[] = [];
  private wondering: ReturnType<typeof setTimeout> | undefined;
  /** Whether keys were used last: only then the cursor is ringed. */
  private keyed = true;
  private frame = 0;
  private seen = true;

  constructor(
    private wrapper: HTMLElement,
    private options: Options,
  ) {
    this.parts = furnish(wrapper, options.id);
    wrapper.setAttribute("aria-activedescendant", options.id);
    this.painter = new Painter(this.parts.canvas);
    this.painter.colour(options.palette, PLAIN);
    this.listen();
    this.watch();
    this.onCells(null);
  }

  recolour(palette: Palette, shading: Shading): void {
    this.painter.colour(palette, shading);
    this.onCells(null);
  }

  /** Lines for the tooltip, if the cell is still the one it is beside. */
  tell(cell: number, lines: readonly string[]): void {
    if (cell !== this.hovered) return;
    this.told = lines;
    this.tip();
  }

  /** The next trouble, the last with -1: among what is marked, if anything is and anything of it is troubled. */
  private seek(by: 1 | -1): void {
    const { bytes, shape } = this.options.cells;
    const { ranks } = this.painter;
    const from = this.been ? this.cursor : null;
    let found = -1;
    if (ranks.marks)
      found = nextTrouble(bytes, shape, from, by, (cell) => ranks.isMarked(bytes, cell));
    if (found < 0) found = nextTrouble(bytes, shape, from, by, () => true);
    if (found < 0) return;
    this.useKeys(true);
    this.moveTo(found);
    this.options.inspect(found);
  }

  private onAnyKey(event: KeyboardEvent): void {
    const by = TROUBLE_KEYS[event.key];
    const [target] = event.composedPath() as Element[];
    const chord = event.ctrlKey || event.metaKey || event.altKey;
    if (!by || chord || target.matches?.("input, select, textarea")) return;
    event.preventDefault();
    event.stopPropagation();
    this.seek(by);
  }

  /** Rings the inspected cell. */
  pick(cell: number | null): void {
    this.picked = cell;
    if (cell !== null) this.goto(cell);
    this.place();
  }

  private get shape() {
    return this.options.cells.shape;
  }

  private listen(): void {
    const { wrapper } = this;
    const { signal } = this.options;
    wrapper.addEventListener("keydown", (event) => this.onKey(event), { signal });
    this.options.keys.addEventListener("keydown", (event) => this.onAnyKey(event), { signal });
    signal.addEventListener("abort", () => clearTimeout(this.wondering), { once: true });
    wrapper.addEventListener("pointermove", (event) => this.hover(this.under(event)), { signal });
    wrapper.addEventListener("pointerleave", () => this.hover(-1), { signal });
    wrapper.addEventListener("pointerdown", () => this.useKeys(false), { signal });
    wrapper.addEventListener("click", (event) => this.onClick(event), { signal });
    wrapper.addEventListener("focus", () => this.place(), { signal });
    wrapper.addEventListener("blur", () => this.useKeys(true), { signal });
  }

  private watch(): void {
    const { cells, signal } = this.options;
    const sizes = new ResizeObserver(() => this.fit());
    sizes.observe(this.wrapper);
    // Hosts keep scrolled-away outputs attached with frames running: draw only what can be seen, and draw it
    // whole when it comes back, as some hosts hand back a blank canvas.
    const sights = new IntersectionObserver((entries) => this.onSight(entries));
    sights.observe(this.wrapper);
    const unsubscribe = cells.subscribe((changed) => this.onCells(changed));
    signal.addEventListener("abort", () => {
      sizes.disconnect();
      sights.disconnect();
      unsubscribe();
      cancelAnimationFrame(this.frame);
    });
  }

  private onSight(entries: IntersectionObserverEntry[]): void {
    this.seen = entries[entries.length - 1].isIntersecting;
    if (this.seen) this.onCells(null);
  }

  /** Folds and fills are left to the frame: the handler that brought the cells is not to keep the page from answering. */
  private onCells(changed: Uint32Array | null): void {
    if (!this.seen) {
      if (!changed) this.fit();
      return;
    }
    this.painter.take(this.options.cells.bytes, changed);
    this.describe();
    this.frame ||= requestAnimationFrame(() => this.draw());
  }

  private draw(): void {
    this.frame = 0;
    this.fit();
    this.painter.draw();
  }

  /** Folds anew when the room, the pixels or the numbers of items and trials are other than before. */
  private fit(): void {
    const { shape } = this;
    const { clientWidth: width } = this.wrapper;
    const height = shape.cells ? mostHeight(this.wrapper) : this.wrapper.clientHeight;
    const basis = [shape, width, height, devicePixelRatio];
    if (!width || !height || basis.every((value, at) => value === this.fitted[at])) return;
    this.fitted = basis;
    this.width = width;
    this.layout = fold(shape.items, shape.trials, width, height, devicePixelRatio);
    this.painter.resize(this.layout, shape, devicePixelRatio);
    // As high as its cells, so that a few do not take the room of many.
    this.wrapper.style.height = shape.cells ? `${Math.ceil(this.layout.height)}px` : "";
    if (shape.cells) this.wrapper.dataset.geometry = JSON.stringify(geometryOf(this.layout, shape));
    else delete this.wrapper.dataset.geometry;
    if (!shape.cells) this.been = false;
    this.cursor = Math.min(this.cursor, Math.max(0, shape.cells - 1));
    this.hovered = -1;
    this.place();
    this.onCells(null);
  }

  /** The layout of the cells that are there now, also right before their first frame. */
  private get current(): Layout | null {
    if (this.fitted[0] !== this.shape) this.fit();
    return this.layout;
  }

  private onKey(event: KeyboardEvent): void {
    const layout = this.current;
    if (!layout) return;
    const command = commandOf(event, this.cursor, layout, this.shape);
    if (!command) return;
    event.preventDefault();
    event.stopPropagation();
    this.useKeys(true);
    if (command === "inspect") this.options.inspect(this.cursor);
    else if (command === "leave") this.leave();
    else this.moveTo(command.move);
  }

  private useKeys(keyed: boolean): void {
    this.keyed = keyed;
    this.place();
  }

  /** Hands the focus back to what holds the widget, a notebook cell for one. */
  private leave(): void {
    this.wrapper.blur();
    this.wrapper.parentElement?.closest<HTMLElement>("[tabindex]")?.focus({ preventScroll: true });
  }

  private onClick(event: MouseEvent): void {
    const cell = this.under(event);
    if (cell < 0) return;
    this.moveTo(cell);
    this.options.inspect(cell);
  }

  private goto(cell: number): void {
    this.cursor = cell;
    this.been = true;
  }

  private moveTo(cell: number): void {
    this.goto(cell);
    this.place();
    this.describe();
  }

  private under(event: MouseEvent): number {
    const layout = this.current;
    if (!layout) return -1;
    const { left, top } = this.parts.canvas.getBoundingClientRect();
    const cell = cellAt(layout, this.shape, event.clientX - left, event.clientY - top);
    const raster = this.painter.raster;
    if (cell < 0 || !raster?.squeezed) return cell;
    return raster.seenInsteadOf(this.options.cells.bytes, cell, this.painter.ranks);
  }

  private hover(cell: number): void {
    if (cell === this.hovered) return;
    this.hovered = cell;
    this.wonder();
  }

  /** Says at once what is known of the cell, and the rest when it has been asked for. */
  private wonder(): void {
    const cell = this.hovered;
    this.told = [];
    this.hoveredByte = this.options.cells.bytes[cell];
    this.tip();
    clearTimeout(this.wondering);
    if (cell < 0) return;
    this.wondering = setTimeout(() => this.options.wonder(cell), WONDERING);
  }

  private place(): void {
    const { layout, shape, picked } = this;
    const focused = this.keyed && this.wrapper.matches(":focus");
    ring(
      this.parts.cursor,
      layout && focused && shape.cells ? boxOf(layout, shape, this.cursor) : null,
    );
    const inspected = picked !== null && picked < shape.cells ? picked : null;
    ring(this.parts.picked, layout && inspected !== null ? boxOf(layout, shape, inspected) : null);
    this.tip();
  }

  private tip(): void {
    const { layout, hovered, shape } = this;
    const box = layout && hovered >= 0 ? boxOf(layout, shape, hovered) : null;
    const lines: readonly string[] = this.told.length ? this.told : [this.word(hovered)];
    const label = box ? this.options.cells.label(hovered) : "";
    tip(this.parts, box, [label, ...(box ? lines : [])], this.width);
  }

  /** Keeps the off-screen cell saying what the cursor is on. */
  private describe(): void {
    const { wrapper, parts, shape, cursor } = this;
    wrapper.setAttribute("aria-rowcount", String(shape.items));
    wrapper.setAttribute("aria-colcount", String(shape.trials));
    parts.cell.textContent = shape.cells
      ? `${this.options.cells.label(cursor)}: ${this.word(cursor)}`
      : "no runs";
    if (!shape.cells) return;
    parts.row.setAttribute("aria-rowindex", String(placeOf(shape, itemOf(shape, cursor)) + 1));
    parts.cell.setAttribute("aria-colindex", String(trialOf(shape, cursor) + 1));
    if (this.hovered >= 0 && this.options.cells.bytes[this.hovered] !== this.hoveredByte)
      this.wonder();
  }

  private word(cell: number): string {
    return stateOf(this.options.cells.bytes[cell]).replaceAll("_", " ");
  }
}

/** How high the cells may be at most, by the style sheet. */
function mostHeight(wrapper: HTMLElement): number {
  return Number.parseFloat(getComputedStyle(wrapper).maxHeight) || wrapper.clientHeight;
}
