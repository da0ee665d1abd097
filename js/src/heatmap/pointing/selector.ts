// How pointer and keys come to a selection: rectangles of the drawn grid, items, trials, all.

import {
  type Cells,
  cellsIn,
  cellsOf,
  type Joining,
  type Passes,
  spanBetween,
  type Whole,
} from "../cells/selection";
import { placeOf } from "../cells/shape";
import type { CellStates } from "../cells/states";
import type { Painter } from "../drawing/painter";
import { stretch } from "../furniture";
import type { Layout } from "../geometry/layout";
import {
  itemLabelAt,
  namedAt,
  type Point,
  type Span,
  spanOf,
  trialLabelAt,
} from "../geometry/viewport";

/** Keys that are held while a pointer is used. */
export interface Held {
  readonly ctrlKey: boolean;
  readonly metaKey: boolean;
  readonly shiftKey: boolean;
}

const isChord = ({ ctrlKey, metaKey }: Held) => ctrlKey || metaKey;

export type Selector = ReturnType<typeof selector>;

/** `tell` null: nothing any more. */
export function selector(
  cells: CellStates,
  band: HTMLElement,
  painter: Painter,
  tell: (cells: Cells | null, how: Joining) => void,
) {
  /** What a filter dims is not selected. */
  function passes(): Passes {
    const [{ ranks }, { bytes }] = [painter, cells];
    return (cell) => ranks.passes(bytes, cell);
  }

  const within = (layout: Layout, span: Span, how: Joining) =>
    tell(cellsIn(span, layout, cells.shape, passes()), how);

  const between = (layout: Layout, one: number, other: number, how: Joining) =>
    within(layout, spanBetween(layout, cells.shape, one, other), how);

  return {
    /** Where a selection by shift begins. */
    anchor: 0,
    /** Gives the selection up, if there is one. */
    drop(): boolean {
      const there = Boolean(painter.ranks.shading.selected);
      if (there) tell(null, "instead");
      return there;
    },
    choose(of: Whole, how: Joining = "instead"): void {
      tell(cellsOf(cells.shape, of, passes()), how);
    },
    /** From the anchor to this cell. */
    extend(layout: Layout, cell: number): void {
      between(layout, this.anchor, cell, "instead");
    },
    /** A press on the number of an item or a trial, or on the name of a group, selects those; says whether it was one. */
    pressLabel(layout: Layout, at: Point, held: Held): boolean {
      const how = isChord(held) ? "toggle" : held.shiftKey ? "with" : "instead";
      const { shape } = cells;
      const item = itemLabelAt(layout, shape, at.x, at.y);
      const group = item < 0 ? -1 : namedAt(layout, shape, placeOf(shape, item));
      const trial = trialLabelAt(layout, at.x, at.y);
      if (group >= 0) this.choose({ group }, how);
      else if (item >= 0) this.choose({ item }, how);
      else if (trial >= 0) this.choose({ trial }, how);
      return item >= 0 || trial >= 0;
    },
    /** A press on a cell selects with keys held only; says whether it did. */
    pressCell(layout: Layout, cell: number, held: Held): boolean {
      if (held.shiftKey) this.extend(layout, cell);
      else if (isChord(held)) between(layout, cell, cell, "toggle");
      return held.shiftKey || isChord(held);
    },
    drag(layout: Layout, from: Point, to: Point, over: boolean, held: Held): void {
      const inside = ({ x, y }: Point): Point => ({
        x: Math.max(0, Math.min(x, layout.shownWidth - 1)),
        y: Math.max(layout.top, Math.min(y, layout.top + layout.shownHeight - 1)),
      });
      stretch(band, inside(from), over ? null : inside(to));
      if (!over) return;
      const how = isChord(held) || held.shiftKey ? "with" : "instead";
      within(layout, spanOf(layout, inside(from), inside(to)), how);
    },
    cancel(): void {
      stretch(band, { x: 0, y: 0 }, null);
    },
  };
}
