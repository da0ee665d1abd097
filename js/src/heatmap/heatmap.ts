// The heatmap put together: states in, pixels, keys, clicks and selections out. No framework.
//
// While there are cells, the wrapper carries `data-geometry`, JSON of `Geometry`. The centre of cell n, in CSS pixels from the top left
// of its canvas, is then, with item = n // trials and trial = n % trials (or looked up in `starts`) and the item's place
// (the item itself, or looked up in `places`),
//   x = left + (place // rows) * blockWidth + (trial + 0.5) * cellWidth,  y = top + (place % rows + 0.5) * cellHeight
// which is what `cellCentre(geometry, n)` computes.

import { whenEnded } from "../base/ending";
import { isTaken, own } from "../base/keys";
import { spaced } from "../base/words";
import { stateOf } from "../protocol";
import type { Cells, Joining } from "./cells/selection";
import { PLAIN, type Shading } from "./cells/shading";
import { groupAt, itemOf, placeOf, trialOf } from "./cells/shape";
import type { CellStates } from "./cells/states";
import { type Overview, overview } from "./drawing/overview";
import { type Painter, painter } from "./drawing/painter";
import type { Palette } from "./drawing/palette";
import { type Furniture, furnish, ring } from "./furniture";
import { fold, type Layout } from "./geometry/layout";
import { Lens } from "./geometry/lens";
import { type Box, boxOf, cellAt, geometryOf, type Point } from "./geometry/viewport";
import { followPointer } from "./pointing/gestures";
import { type Hovering, hovering } from "./pointing/hovering";
import { type Command, commandOf, nextTrouble } from "./pointing/keyboard";
import { type Selector, selector } from "./pointing/selector";

export { cellCentre, type Geometry } from "./geometry/viewport";

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
  /** Null: nothing any more. */
  select(cells: Cells | null, how: Joining): void;
  /** It is drawn so much larger than fitted now, and `most` is possible. */
  zoomed(zoom: number, most: number): void;
}

/** Cells that fill more than this share of the height are given all of it. */
const MANY = 0.9;
const TROUBLE_KEYS: Readonly<Record<string, 1 | -1>> = { n: 1, N: -1 };

export class Heatmap {
  private parts: Furniture;
  private painter: Painter;
  private overview: Overview;
  private hovering: Hovering;
  private selector: Selector;
  private lens: Lens | null = null;
  private fitted: readonly unknown[] = [];
  private width = 0;
  private cursor = 0;
  /** Whether the cursor has been anywhere yet. */
  private been = false;
  private picked: number | null = null;
  private hoveredByte: number | undefined;
  /** Whether keys were used last: only then the cursor is ringed. */
  private keyed = true;
  private frame = 0;
  private seen = true;

  constructor(
    private wrapper: HTMLElement,
    private options: Options,
  ) {
    const { signal, palette } = options;
    this.parts = furnish(wrapper, options.id);
    say(wrapper, "activedescendant", options.id);
    this.painter = painter(this.parts.canvas);
    this.overview = overview(wrapper, signal, options.cells, this.painter, (to) =>
      this.look((lens) => lens.centre(to)),
    );
    this.hovering = hovering(
      this.parts,
      signal,
      (cell) => options.wonder(cell),
      (cell) => this.hoveredAt(cell),
      () => this.width,
    );
    const { cells, select } = options;
    this.selector = selector(cells, this.parts.band, this.painter, select);
    this.listen();
    this.watch();
    this.recolour(palette, PLAIN);
  }

  recolour(palette: Palette, shading: Shading): void {
    this.painter.colour(palette, shading);
    this.onCells(null);
  }

  /** Lines for the tooltip, if the cell is still the one it is beside. */
  tell(cell: number, lines: readonly string[]): void {
    this.hovering.tell(cell, lines);
  }

  /** Draws so much larger than fitted; 1 fits. */
  zoomTo(zoom: number): void {
    if (this.lens && zoom !== this.lens.zoom) this.look((lens) => lens.zoomTo(zoom));
  }

  /** Rings the inspected cell. */
  pick(cell: number | null): void {
    this.picked = cell;
    if (cell !== null) this.goto(cell);
    this.place();
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
    if (!by || isTaken(event)) return;
    own(event);
    this.seek(by);
  }

  private get shape() {
    return this.options.cells.shape;
  }

  private get layout(): Layout | null {
    return this.lens?.layout ?? null;
  }

  private listen(): void {
    const { wrapper } = this;
    const { signal } = this.options;
    wrapper.addEventListener("keydown", (event) => this.onKey(event), { signal });
    this.options.keys.addEventListener("keydown", (event) => this.onAnyKey(event), { signal });
    wrapper.addEventListener("pointerdown", () => this.useKeys(false), { signal });
    wrapper.addEventListener("focus", () => this.place(), { signal });
    wrapper.addEventListener("blur", () => this.useKeys(true), { signal });
    followPointer(wrapper, this.parts.canvas, signal, {
      hover: (at) => this.hovering.over(at ? this.under(at) : -1),
      press: (at, event) => this.onPress(at, event),
      drag: (from, to, over, event) => {
        if (this.current) this.selector.drag(this.current, from, to, over, event);
      },
      cancel: () => this.selector.cancel(),
      pan: (x, y) => this.look((lens) => lens.pan(x, y)),
      isClose: () => (this.lens?.zoom ?? 1) > 1,
      zoom: (by, at) => this.look((lens) => lens.zoomTo(lens.zoom * by, at)),
    });
  }

  private watch(): void {
    const { cells, signal } = this.options;
    // In the frame after: what is made as high as its cells in the midst of it would be another change of size.
    const sizes = new ResizeObserver(() => requestAnimationFrame(() => this.fit()));
    sizes.observe(this.wrapper);
    // Hosts keep scrolled-away outputs attached with frames running: draw only what can be seen, and draw it
    // whole when it comes back, as some hosts hand back a blank canvas.
    const sights = new IntersectionObserver((entries) => this.onSight(entries));
    sights.observe(this.wrapper);
    const unsubscribe = cells.subscribe((changed) => this.onCells(changed));
    whenEnded(signal, () => {
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
    this.overview.soon();
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
    const { items, trials, groups } = shape;
    const layout = fold(items, trials, width, height, devicePixelRatio, groups?.names);
    // As high as its cells, so that a few do not take the room of many, who have all of it, known or not.
    const own = Math.ceil(layout.top + layout.height);
    const needed = own > MANY * height ? height : own;
    this.wrapper.style.height = shape.cells ? `${needed}px` : "";
    if (!shape.cells) this.been = false;
    this.cursor = this.selector.anchor = Math.min(this.cursor, Math.max(0, shape.cells - 1));
    this.hovering.away();
    const room = { width, height: needed, ratio: devicePixelRatio };
    this.lens = Lens.like(shape.cells ? this.lens : null, layout, room);
    this.overview.fit(layout);
    this.refocus();
  }

  /** Moves what is in view. */
  private look(change: (lens: Lens) => void): void {
    const { lens } = this;
    if (!lens || !this.shape.cells) return;
    const before = lens.layout;
    change(lens);
    if (lens.layout === before) return;
    this.hovering.away();
    this.refocus();
  }

  private refocus(): void {
    const { lens, shape, wrapper } = this;
    if (!lens) return;
    this.painter.resize(lens.layout, shape, devicePixelRatio);
    if (shape.cells) wrapper.dataset.geometry = JSON.stringify(geometryOf(lens.layout, shape));
    else delete wrapper.dataset.geometry;
    wrapper.dataset.close = String(lens.zoom > 1);
    this.overview.show(lens.part);
    this.place();
    this.onCells(null);
    this.options.zoomed(lens.zoom, shape.cells ? lens.most : 1);
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
    own(event);
    this.useKeys(true);
    this.obey(command, layout);
  }

  private obey(command: Command, layout: Layout): void {
    const { shape, cursor, options, selector } = this;
    if (command === "inspect") options.inspect(cursor);
    else if (command === "leave") this.leave();
    else if (command === "all") selector.choose({});
    else if (command === "item") selector.choose({ item: itemOf(shape, cursor) });
    else if (command === "trial") selector.choose({ trial: trialOf(shape, cursor) });
    else if (command === "group")
      selector.choose({ group: groupAt(shape, placeOf(shape, itemOf(shape, cursor))) });
    else if ("zoom" in command)
      this.look((lens) => (command.zoom ? lens.step(command.zoom) : lens.zoomTo(1)));
    else if (command.extend) {
      this.moveTo(command.move, true);
      selector.extend(layout, command.move);
    } else this.moveTo(command.move);
  }

  private useKeys(keyed: boolean): void {
    this.keyed = keyed;
    this.place();
  }

  /** Gives up the selection; without one, hands the focus back to what holds the widget, a notebook cell for one. */
  private leave(): void {
    if (this.selector.drop()) return;
    this.wrapper.blur();
    this.wrapper.parentElement?.closest<HTMLElement>("[tabindex]")?.focus({ preventScroll: true });
  }

  private onPress(at: Point, event: MouseEvent): void {
    const layout = this.current;
    if (!layout || this.selector.pressLabel(layout, at, event)) return;
    const cell = this.under(at);
    if (cell < 0) return;
    this.moveTo(cell, event.shiftKey);
    if (!this.selector.pressCell(layout, cell, event)) this.options.inspect(cell);
  }

  private goto(cell: number): void {
    this.cursor = cell;
    this.been = true;
  }

  private moveTo(cell: number, extending = false): void {
    this.goto(cell);
    if (!extending) this.selector.anchor = cell;
    this.look((lens) => lens.reveal(boxOf(lens.layout, this.shape, cell)));
    this.place();
    this.describe();
  }

  private under({ x, y }: Point): number {
    const layout = this.current;
    if (!layout) return -1;
    const cell = cellAt(layout, this.shape, x, y);
    const raster = this.painter.raster;
    if (cell < 0 || !raster?.squeezed) return cell;
    return raster.seenInsteadOf(this.options.cells.bytes, cell, this.painter.ranks);
  }

  private hoveredAt(cell: number) {
    this.hoveredByte = this.options.cells.bytes[cell];
    const { layout, shape } = this;
    const box = layout ? boxOf(layout, shape, cell) : null;
    return { cell, box, label: this.options.cells.label(cell), word: this.word(cell) };
  }

  private place(): void {
    const { parts, picked, shape } = this;
    const focused = this.keyed && this.wrapper.matches(":focus");
    ring(parts.cursor, focused && shape.cells ? this.boxInView(this.cursor) : null);
    ring(parts.picked, picked !== null && picked < shape.cells ? this.boxInView(picked) : null);
    this.hovering.place();
  }

  private boxInView(cell: number): Box | null {
    const { layout } = this;
    if (!layout) return null;
    const box = boxOf(layout, this.shape, cell);
    const across = box.left + box.width > 0 && box.left < layout.shownWidth;
    const bottom = layout.top + layout.shownHeight;
    return across && box.top + box.height > layout.top && box.top < bottom ? box : null;
  }

  /** Keeps the off-screen cell saying what the cursor is on. */
  private describe(): void {
    const { wrapper, parts, shape, cursor } = this;
    say(wrapper, "rowcount", shape.items);
    say(wrapper, "colcount", shape.trials);
    parts.cell.textContent = shape.cells
      ? `${this.options.cells.label(cursor)}: ${this.word(cursor)}`
      : "no runs";
    if (!shape.cells) return;
    say(parts.row, "rowindex", placeOf(shape, itemOf(shape, cursor)) + 1);
    say(parts.cell, "colindex", trialOf(shape, cursor) + 1);
    const { selected } = this.painter.ranks.shading;
    say(parts.cell, "selected", selected?.[cursor] === 1);
    const cell = this.hovering.cell();
    if (cell >= 0 && this.options.cells.bytes[cell] !== this.hoveredByte) this.hovering.again();
  }

  private word(cell: number): string {
    return spaced(stateOf(this.options.cells.bytes[cell]));
  }
}

const say = (element: HTMLElement, what: string, value: unknown) =>
  element.setAttribute(`aria-${what}`, String(value));

/** How high the cells may be at most, by the style sheet. */
function mostHeight(wrapper: HTMLElement): number {
  return Number.parseFloat(getComputedStyle(wrapper).maxHeight) || wrapper.clientHeight;
}
