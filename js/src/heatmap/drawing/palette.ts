// The colours of the states, Okabe-Ito: finished recedes, trouble stands out. The canvas, the CSS of the legend and
// the picture in a saved notebook all take them from one file.
import colours from "../../../../src/opik_resume/notebook/widget/colours.json";
import {
  kindOfRank,
  LIT,
  MISSING,
  type Plane,
  type Ranks,
  SCALE,
  valueOfRank,
} from "../cells/shading";
import { KINDS_BY_SEVERITY, type Kind } from "../cells/states";
import { colourOf, parts, type Rgb, verdictColour } from "./scale";

export type Theme = "light" | "dark";

export interface Palette {
  readonly kinds: Readonly<Record<Kind, string>>;
  /** The crosses, strokes and dots on troubled cells. */
  readonly mark: string;
}

// `scoring_failed` has no colour in Okabe-Ito: a rose between its vermillion (task failed) and its
// reddish purple (scores missing), as the state lies between the two; its stroke tells it from both.
export const PALETTES: Readonly<Record<Theme, Palette>> = colours;

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
    const [colour, alpha] = colourOfRank(palette, rank, shading.plane);
    pixels[rank] = colour ? pixelOf(colour, marks ? DIMMED : alpha) : 0;
    pixels[rank | LIT] = colour ? pixelOf(colour, alpha) : 0;
  }
  return pixels;
}

function colourOfRank(
  palette: Palette,
  rank: number,
  plane: Plane | null,
): [colour: [number, number, number] | null, alpha: number] {
  const kind = kindOfRank(rank);
  if (kind) return [rgbOf(palette.kinds[kind]), 255];
  if (rank === MISSING) return [rgbOf(palette.kinds.scores_missing), 255];
  if (rank < SCALE) return [null, 0];
  const value = valueOfRank(rank, plane?.worst ?? "low");
  return plane?.verdicts ? verdictColour(value) : [colourOf(value), 255];
}

function pixelOf([red, green, blue]: [number, number, number], alpha: number): number {
  return ((alpha << 24) | (blue << 16) | (green << 8) | red) >>> 0;
}

export const rgbOf = (hex: string): Rgb => parts(Number.parseInt(hex.slice(1), 16));

export const cssName = (kind: Kind): string => `--oprs-state-${kind.replaceAll("_", "-")}`;

/** Gives the palette to CSS, under `element`. */
export function publish(palette: Palette, element: HTMLElement): void {
  for (const kind of KINDS_BY_SEVERITY) {
    element.style.setProperty(cssName(kind), palette.kinds[kind]);
  }
  element.style.setProperty("--oprs-state-mark", palette.mark);
}
