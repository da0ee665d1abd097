// The cell under the pointer, and the words beside it: at once what is known, and the rest when it has been asked for.
import { postponed } from "../ending";
import { type Furniture, tip } from "./furniture";
import type { Box } from "./viewport";

const WONDERING = 120;

export interface Hovered {
  cell: number;
  box: Box | null;
  label: string;
  word: string;
}

export class Hovering {
  cell = -1;
  private told: readonly string[] = [];
  private postpone: (action: () => void, wait: number) => void;

  constructor(
    private parts: Furniture,
    signal: AbortSignal,
    private wonder: (cell: number) => void,
    private of: (cell: number) => Hovered,
    private width: () => number,
  ) {
    this.postpone = postponed(signal);
  }

  /** Over this cell, -1 over none. */
  over(cell: number): void {
    if (cell === this.cell) return;
    this.cell = cell;
    this.again();
  }

  /** What is known of the cell is old. */
  again(): void {
    this.told = [];
    this.place();
    this.postpone(() => this.cell < 0 || this.wonder(this.cell), WONDERING);
  }

  /** Lines about a cell, if it is still the one. */
  tell(cell: number, lines: readonly string[]): void {
    if (cell !== this.cell) return;
    this.told = lines;
    this.place();
  }

  place(): void {
    if (this.cell < 0) {
      tip(this.parts, null, [], 0);
      return;
    }
    const { box, label, word } = this.of(this.cell);
    const lines = this.told.length ? this.told : [word];
    tip(this.parts, box, [label, ...lines], this.width());
  }
}
