// The cell under the pointer, and the words beside it: at once what is known, and the rest when it has been asked for.
import type { Furniture } from "./furniture";
import { tip } from "./furniture";
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
  private wondering: ReturnType<typeof setTimeout> | undefined;

  constructor(
    private parts: Furniture,
    signal: AbortSignal,
    private wonder: (cell: number) => void,
    private of: (cell: number) => Hovered,
    private width: () => number,
  ) {
    signal.addEventListener("abort", () => clearTimeout(this.wondering), { once: true });
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
    clearTimeout(this.wondering);
    const { cell } = this;
    if (cell >= 0) this.wondering = setTimeout(() => this.wonder(cell), WONDERING);
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
