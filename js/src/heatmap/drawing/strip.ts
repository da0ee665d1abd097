// A whole experiment as one line, in item order: few cells one by one, many as stretches, each a stacked bar of its
// states. What is drawn is runs of kinds; the kernel's strips and the live one are drawn alike.
import { countsOf, type Runs } from "../../protocol/runs";
import { KINDS_IN_ORDER, type Kind, kindOf } from "../cells/states";

const FEW = 240;
/** Few enough that one failure in each is far from filling the line. */
const STRETCHES = 12;
/** Less of the line than this may be less than a pixel: a list is at least 150 of them wide. */
const SLIVER = 1 / 150;
const place = (byte: number) => KINDS_IN_ORDER.indexOf(kindOf(byte));
const STACKED = Array.from({ length: 256 }, (_, byte) => byte).sort(
  (one, other) => place(one) - place(other),
);

/** The line of these cells, as the kernel would make it, but with their exact numbers. */
export function lineOf(states: Uint8Array): Runs {
  if (states.length <= FEW) return { bytes: [...states], lengths: Array(states.length).fill(1) };
  const bytes: number[] = [];
  const lengths: number[] = [];
  for (let stretch = 0; stretch < STRETCHES; stretch++) {
    const edge = (at: number) => Math.floor((at * states.length) / STRETCHES);
    const counts = countsOf(states.subarray(edge(stretch), edge(stretch + 1)));
    for (const byte of STACKED) {
      if (!counts[byte]) continue;
      bytes.push(byte);
      lengths.push(counts[byte]);
    }
  }
  return { bytes, lengths };
}

export interface Drawn {
  readonly kind: Kind;
  /** Its pieces of the line, as the path of an SVG that is `length` wide and 1 high. */
  readonly bars: string;
  /** The middle of each piece that may be narrower than a pixel: a stroke there keeps it visible. */
  readonly slivers: string;
}

/** The line as one path a kind. */
export function drawing({ bytes, lengths }: Runs): { length: number; paths: Drawn[] } {
  const pieces = new Map<Kind, [start: number, length: number][]>();
  let length = 0;
  bytes.forEach((byte, at) => {
    const kind = kindOf(byte);
    const own = pieces.get(kind) ?? [];
    const last = own.at(-1);
    if (last && last[0] + last[1] === length) last[1] += lengths[at];
    else own.push([length, lengths[at]]);
    pieces.set(kind, own);
    length += lengths[at];
  });
  const paths = [...pieces].map(([kind, own]) => ({
    kind,
    bars: own.map(([start, wide]) => `M${start} 0h${wide}v1h-${wide}z`).join(""),
    slivers: own
      .filter(([_, wide]) => wide < length * SLIVER)
      .map(([start, wide]) => `M${start + wide / 2} 0v1`)
      .join(""),
  }));
  return { length, paths };
}
