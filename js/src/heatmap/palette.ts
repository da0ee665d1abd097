// The colours of the states, Okabe-Ito: finished recedes, trouble stands out. The canvas and the CSS of the
// legend both take them from here.
import { colourOf } from "./scale";
import { kindOfRank, LIT, MISSING, type Ranks, SCALE, valueOfRank } from "./shading";
import { KINDS_BY_SEVERITY, type Kind } from "./states";

export type Theme = "light" | "dark";

export interface Palette {
  readonly kinds: Readonly<Record<Kind, string>>;
  /** The crosses, strokes and dots on troubled cells. */
  readonly mark: string;
}

// `scoring_failed` has no colour in Okabe-Ito: a rose between its vermillion (task failed) and its
// reddish purple (scores missing), as the state lies between the two; its stroke tells it from both.
export const PALETTES: Readonly<Record<Theme, Palette>> = {
  light: {
    kinds: {
      completed: "#9fd5c4",
      replayed: "#009e73",
      task_failed: "#d55e00",
      scoring_failed: "#c8465f",
      scores_missing: "#cc79a7",
      interrupted: "#8b94a1",
      running: "#0072b2",
      queued: "#9ecae8",
      never_run: "#e3e6ea",
    },
    mark: "#ffffff",
  },
  dark: {
    kinds: {
      completed: "#235447",
      replayed: "#12b886",
      task_failed: "#ee7733",
      scoring_failed: "#e0607a",
      scores_missing: "#d88fb8",
      interrupted: "#6d7785",
      running: "#4aa3e0",
      queued: "#2c5777",
      never_run: "#2a3038",
    },
    mark: "#14181c",
  },
};

/** How much of its colour is left of a cell that is not marked when others are. */
const DIMMED = 56;

/** Rank → pixel as ImageData keeps it; 0, no cell, is transparent. `hollow`: so is a cell without a value. */
export function pixelsOf(
  palette: Palette,
  { marks, shading }: Ranks,
  hollow: boolean,
): Uint32Array {
  const pixels = new Uint32Array(2 * LIT);
  for (let rank = 1; rank <= (hollow ? MISSING - 1 : MISSING); rank++) {
    const colour = colourOfRank(palette, rank, shading.plane?.worst ?? "low");
    pixels[rank] = colour ? pixelOf(colour, marks ? DIMMED : 255) : 0;
    pixels[rank | LIT] = colour ? pixelOf(colour, 255) : 0;
  }
  return pixels;
}

function colourOfRank(
  palette: Palette,
  rank: number,
  worst: "low" | "high",
): [number, number, number] | null {
  const kind = kindOfRank(rank);
  if (kind) return rgbOf(palette.kinds[kind]);
  if (rank === MISSING) return rgbOf(palette.kinds.scores_missing);
  return rank >= SCALE ? colourOf(valueOfRank(rank, worst)) : null;
}

function pixelOf([red, green, blue]: [number, number, number], alpha: number): number {
  return ((alpha << 24) | (blue << 16) | (green << 8) | red) >>> 0;
}

export function rgbOf(hex: string): [number, number, number] {
  const value = Number.parseInt(hex.slice(1), 16);
  return [(value >> 16) & 255, (value >> 8) & 255, value & 255];
}

export const cssName = (kind: Kind): string => `--oprs-state-${kind.replaceAll("_", "-")}`;

/** Gives the palette to CSS, under `element`. */
export function publish(palette: Palette, element: HTMLElement): void {
  for (const kind of KINDS_BY_SEVERITY) {
    element.style.setProperty(cssName(kind), palette.kinds[kind]);
  }
  element.style.setProperty("--oprs-state-mark", palette.mark);
}
