// The colours of a scale, from its lowest to its highest value: viridis, which is even to the eye, also to one that does
// not tell red from green, and also without colours.
import { STEPS } from "../cells/shading";

export type Rgb = [red: number, green: number, blue: number];

const STOPS = [
  0x440154, 0x482878, 0x3e4a89, 0x31688e, 0x26828e, 0x1f9e89, 0x35b779, 0x6ece58, 0xb5de2b,
  0xfde725,
];
export const parts = (colour: number): Rgb => [
  (colour >> 16) & 255,
  (colour >> 8) & 255,
  colour & 255,
];

/** The colour of a value, 0 … 254. */
export function colourOf(value: number): [red: number, green: number, blue: number] {
  const along = (Math.min(value, STEPS - 1) / (STEPS - 1)) * (STOPS.length - 1);
  const before = Math.min(STOPS.length - 2, Math.floor(along));
  const [from, to] = [parts(STOPS[before]), parts(STOPS[before + 1])];
  const mix = (at: number) => Math.round(from[at] + (to[at] - from[at]) * (along - before));
  return [mix(0), mix(1), mix(2)];
}

export const cssColourOf = (value: number): string => `rgb(${colourOf(value).join(" ")})`;

/** Worse, the same, better: orange and purple, which nobody takes for each other; what is the same recedes in any theme. */
const VERDICTS = [0xd2700f, 0x8f98a3, 0x7a4bb5];
const FAINT = 90;

/** The colour of a verdict, and how much of it is seen. */
export function verdictColour(value: number): [colour: [number, number, number], alpha: number] {
  const at = Math.round((value / (STEPS - 1)) * 2);
  return [parts(VERDICTS[at]), at === 1 ? FAINT : 255];
}

/** That of 0, worse, 1, the same, or 2, better. */
export function cssVerdict(verdict: number): string {
  const [colour, alpha] = verdictColour(verdict * 127);
  return `rgba(${[...colour, alpha / 255].join()})`;
}
