import { describe, expect, test } from "vitest";
import { byte } from "../../dev/fake";
import { LIT, PLAIN, Ranks, SCALE } from "../../src/heatmap/cells/shading";
import { sorted, unevenShape, uniformShape } from "../../src/heatmap/cells/shape";
import { RANKS } from "../../src/heatmap/cells/states";
import { bars } from "../../src/heatmap/drawing/bars";
import { fold } from "../../src/heatmap/geometry/layout";

const [DONE, FAILED, NEVER] = [byte("completed"), byte("task_failed"), byte("never_run")];
const HEIGHT = 10;

function drawn(states: Uint8Array, shape = uniformShape(states.length, 1), of = PLAIN, width = 4) {
  const layout = fold(shape.items, shape.trials, 800, 100, 1);
  return bars(states, new Ranks(of), shape, layout, width, HEIGHT);
}

/** How high each rank is in a bar, from below. */
function heights(ranks: Uint16Array, bar: number, width = 4): [number, number][] {
  const found: [number, number][] = [];
  for (let row = HEIGHT - 1; row >= 0; row--) {
    const rank = ranks[row * width + bar];
    const last = found.at(-1);
    if (last?.[0] === rank) last[1]++;
    else found.push([rank, 1]);
  }
  return found;
}

describe("stacked bars of many cells", () => {
  test("say how many there are of what, and not what the worst is", () => {
    const states = Uint8Array.from({ length: 40_000 }, (_, at) => (at % 10 < 3 ? FAILED : DONE));
    for (const bar of [0, 1, 2, 3])
      expect(heights(drawn(states), bar)).toEqual([
        [RANKS[FAILED], 3],
        [RANKS[DONE], 7],
      ]);
  });

  test("a single failure does not disappear, wherever it is; anything else of so little does", () => {
    const states = new Uint8Array(40_000).fill(DONE);
    states[39_999] = FAILED;
    states[0] = NEVER;
    expect(heights(drawn(states), 3)[0]).toEqual([RANKS[FAILED], 1]);
    expect(heights(drawn(states), 0)).toEqual([[RANKS[DONE], HEIGHT]]);
  });

  test("lie below the columns that they are of, trials and all, in the order in which items are drawn", () => {
    const shape = uniformShape(3, 4_000);
    const states = new Uint8Array(12_000).fill(DONE);
    for (const item of [0, 1, 2]) states.fill(FAILED, item * 4_000 + 3_000, item * 4_000 + 4_000);
    expect(heights(drawn(states, shape), 2)).toEqual([[RANKS[DONE], HEIGHT]]);
    expect(heights(drawn(states, shape), 3)).toEqual([[RANKS[FAILED], HEIGHT]]);
    const rows = uniformShape(40_000, 1);
    const backwards = sorted(
      rows,
      Uint32Array.from({ length: 40_000 }, (_, at) => 39_999 - at),
    );
    const first = new Uint8Array(40_000).fill(DONE);
    first.fill(FAILED, 0, 200);
    expect(heights(drawn(first, backwards), 3)[0][0]).toBe(RANKS[FAILED]);
    expect(heights(drawn(first, backwards), 0)).toEqual([[RANKS[DONE], HEIGHT]]);
  });

  test("what is marked lies below and is always seen, and then nothing else has to be", () => {
    const states = new Uint8Array(40_000).fill(DONE);
    states[1] = FAILED;
    const selected = new Uint8Array(40_000);
    selected[0] = 1;
    expect(heights(drawn(states, undefined, { ...PLAIN, selected }), 0)).toEqual([
      [RANKS[DONE] | LIT, 1],
      [RANKS[DONE], HEIGHT - 1],
    ]);
  });

  test("of a scale show its values, the worst below", () => {
    const states = new Uint8Array(40_000).fill(DONE);
    const values = Uint8Array.from({ length: 40_000 }, (_, at) => (at % 2 ? 0 : 254));
    const plane = { values, worst: "low" as const };
    const [below, above] = heights(drawn(states, undefined, { ...PLAIN, plane }), 1);
    expect([below, above]).toEqual([
      [SCALE + 254, 5],
      [SCALE, 5],
    ]);
  });

  test("of uneven items and of none", () => {
    const runs = Array.from({ length: 9_000 }, (_, item) => 1 + (item % 3));
    const states = new Uint8Array(18_000).fill(DONE);
    expect(new Set(drawn(states, unevenShape(runs)))).toContain(RANKS[DONE]);
    expect(new Set(drawn(new Uint8Array(0)))).toEqual(new Set([0]));
  });
});
