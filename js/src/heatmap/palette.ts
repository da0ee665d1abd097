// The colours of the states, Okabe-Ito: finished recedes, trouble stands out. The canvas and the CSS of the
// legend both take them from here.
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

/** Rank (see RANKS) → pixel as ImageData keeps it; 0, no cell, is transparent. */
export function pixelsOf(palette: Palette): Uint32Array {
  return Uint32Array.from([0, ...KINDS_BY_SEVERITY.map((kind) => pixelOf(palette.kinds[kind]))]);
}

function pixelOf(hex: string): number {
  const [red, green, blue] = rgbOf(hex);
  return ((255 << 24) | (blue << 16) | (green << 8) | red) >>> 0;
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
