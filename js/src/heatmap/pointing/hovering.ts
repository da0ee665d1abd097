// The cell under the pointer, and the words beside it: at once what is known, and the rest when it has been asked for.
import { postponed } from "../../base/ending";
import { type Furniture, tip } from "../furniture";
import type { Box } from "../geometry/viewport";

const WONDERING = 120;

export interface Hovered {
  cell: number;
  box: Box | null;
  label: string;
  word: string;
}

export interface Hovering {
  /** Over this cell, -1 over none. */
  over(cell: number): void;
  /** The cell under the pointer has moved away from it. */
  away(): void;
  /** What is known of the cell is old. */
  again(): void;
  /** Lines about a cell, if it is still the one. */
  tell(cell: number, lines: readonly string[]): void;
  place(): void;
  cell(): number;
}

export function hovering(
  parts: Furniture,
  signal: AbortSignal,
  wonder: (cell: number) => void,
  of: (cell: number) => Hovered,
  width: () => number,
): Hovering {
  let hovered = -1;
  let told: readonly string[] = [];
  const postpone = postponed(signal);
  const place = () => {
    if (hovered < 0) return tip(parts, null, [], 0);
    const { box, label, word } = of(hovered);
    tip(parts, box, [label, ...(told.length ? told : [word])], width());
  };
  const again = () => {
    told = [];
    place();
    postpone(() => hovered < 0 || wonder(hovered), WONDERING);
  };
  return {
    over(cell) {
      if (cell === hovered) return;
      hovered = cell;
      again();
    },
    away() {
      hovered = -1;
    },
    again,
    tell(cell, lines) {
      if (cell !== hovered) return;
      told = lines;
      place();
    },
    place,
    cell: () => hovered,
  };
}
