// How pointer and keys come to a selection: rectangles of the drawn grid, items, trials, all.
import { stretch } from "./furniture";
import type { Layout } from "./layout";
import {
  type Cells,
  cellsIn,
  cellsOf,
  type Joining,
  type Passes,
  spanBetween,
  type Whole,
} from "./selection";
import type { Ranks } from "./shading";
import { placeOf } from "./shape";
import type { CellStates } from "./states";
import { itemLabelAt, namedAt, type Point, spanOf, trialLabelAt } from "./viewport";

/** Keys that are held while a pointer is used. */
export interface Held {
  readonly ctrlKey: boolean;
  readonly metaKey: boolean;
  readonly shiftKey: boolean;
}

const isChord = ({ ctrlKey, metaKey }: Held) => ctrlKey || metaKey;

export class Selector {
  /** Where a selection by shift begins. */
  anchor = 0;

  constructor(
    private cells: CellStates,
    private band: HTMLElement,
    private ranks: () => Ranks,
    /** Null: nothing any more. */
    private tell: (cells: Cells | null, how: Joining) => void,
  ) {}

  /** Gives the selection up, if there is one. */
  drop(): boolean {
    const there = Boolean(this.ranks().shading.selected);
    if (there) this.tell(null, "instead");
    return there;
  }

  choose(of: Whole, how: Joining = "instead"): void {
    this.tell(cellsOf(this.cells.shape, of, this.passes), how);
  }

  /** From the anchor to this cell. */
  extend(layout: Layout, cell: number): void {
    this.between(layout, this.anchor, cell, "instead");
  }

  /** A press on the number of an item or a trial, or on the name of a group, selects those; says whether it was one. */
  pressLabel(layout: Layout, at: Point, held: Held): boolean {
    const how = isChord(held) ? "toggle" : held.shiftKey ? "with" : "instead";
    const { shape } = this.cells;
    const item = itemLabelAt(layout, shape, at.x, at.y);
    const group = item < 0 ? -1 : namedAt(layout, shape, placeOf(shape, item));
    const trial = trialLabelAt(layout, at.x, at.y);
    if (group >= 0) this.choose({ group }, how);
    else if (item >= 0) this.choose({ item }, how);
    else if (trial >= 0) this.choose({ trial }, how);
    return item >= 0 || trial >= 0;
  }

  /** A press on a cell selects with keys held only; says whether it did. */
  pressCell(layout: Layout, cell: number, held: Held): boolean {
    if (held.shiftKey) this.extend(layout, cell);
    else if (isChord(held)) this.between(layout, cell, cell, "toggle");
    return held.shiftKey || isChord(held);
  }

  drag(layout: Layout, from: Point, to: Point, over: boolean, held: Held): void {
    const within = ({ x, y }: Point): Point => ({
      x: Math.max(0, Math.min(x, layout.shownWidth - 1)),
      y: Math.max(layout.top, Math.min(y, layout.top + layout.shownHeight - 1)),
    });
    stretch(this.band, within(from), over ? null : within(to));
    if (!over) return;
    const span = spanOf(layout, within(from), within(to));
    const cells = cellsIn(span, layout, this.cells.shape, this.passes);
    this.tell(cells, isChord(held) || held.shiftKey ? "with" : "instead");
  }

  cancel(): void {
    stretch(this.band, { x: 0, y: 0 }, null);
  }

  private between(layout: Layout, one: number, other: number, how: Joining): void {
    const span = spanBetween(layout, this.cells.shape, one, other);
    this.tell(cellsIn(span, layout, this.cells.shape, this.passes), how);
  }

  /** What a filter dims is not selected. */
  private get passes(): Passes {
    const [ranks, { bytes }] = [this.ranks(), this.cells];
    return (cell) => ranks.passes(bytes, cell);
  }
}
