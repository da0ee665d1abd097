// Many cells as stacked bars, each of the columns that are drawn above it: what is worst lies below, as high as its share.
// Pure.
import { STATES } from "../../protocol";
import { LIT, type Ranks, SCALE } from "../cells/shading";
import { itemAt, runsOf, type Shape, startOf } from "../cells/shape";
import { RANKS } from "../cells/states";
import type { Layout } from "../geometry/layout";

/** The least of what never disappears, however little there is of it. */
const LOUD = RANKS[STATES.indexOf("scores_missing")];
const RANKED = 2 * LIT;

/** The rank of each pixel, row by row, of so many bars. */
export function bars(
  states: Uint8Array,
  of: Ranks,
  shape: Shape,
  { rows, blocks, trials }: Layout,
  width: number,
  height: number,
): Uint16Array {
  const counts = new Uint32Array(width * RANKED);
  const [codes, table] = of.all(states);
  const columns = blocks * trials;
  const lefts = Uint32Array.from(
    { length: columns },
    (_, column) => Math.floor((column * width) / columns) * RANKED,
  );
  for (let place = 0; place < shape.items; place++) {
    const item = itemAt(shape, place);
    const [start, runs] = [startOf(shape, item), runsOf(shape, item)];
    const first = Math.floor(place / rows) * trials;
    for (let trial = 0; trial < runs; trial++)
      counts[lefts[first + trial] + table[codes[start + trial]]]++;
  }
  const ranks = new Uint16Array(width * height);
  for (let bar = 0; bar < width; bar++) {
    const own = counts.subarray(bar * RANKED, (bar + 1) * RANKED);
    const cells = own.reduce((sum, count) => sum + count);
    let [sum, row] = [0, height];
    for (let rank = RANKED; rank-- > 1; ) {
      if (!own[rank]) continue;
      sum += own[rank];
      const loud = of.marks ? rank >= LIT : rank >= LOUD && rank < SCALE;
      const top = Math.min(loud ? row - 1 : row, height - Math.round((sum * height) / cells));
      while (row > Math.max(0, top)) ranks[--row * width + bar] = rank;
    }
  }
  return ranks;
}
