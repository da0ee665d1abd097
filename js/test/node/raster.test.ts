import { describe, expect, test } from "vitest";
import { byte } from "../../dev/fake";
import { maskOf, PLAIN, type Plane, Ranks } from "../../src/heatmap/cells/shading";
import { sorted, unevenShape, uniformShape } from "../../src/heatmap/cells/shape";
import { RANKS } from "../../src/heatmap/cells/states";
import { Raster } from "../../src/heatmap/drawing/raster";
import { fold } from "../../src/heatmap/geometry/layout";

const plain = new Ranks(PLAIN);
const random = (below: number) => Math.floor(Math.random() * below);
const states = (length: number) => Uint8Array.from({ length }, () => random(8));

function rasterOf(shape: ReturnType<typeof uniformShape>, width: number, height: number): Raster {
  return new Raster(fold(shape.items, shape.trials, width, height, 1), shape, 1);
}

/** By states, some marked, by values, and both. */
function shadings(cells: number): Ranks[] {
  const marking = { cells: maskOf(Uint32Array.of(1, 7, 12), cells), kinds: new Set() as never };
  const values = Uint8Array.from({ length: cells }, () => random(256));
  const plane: Plane = { values, worst: "low" };
  return [plain, ...[null, plane].map((of) => new Ranks({ marking, plane: of }))];
}

describe("the raster", () => {
  test("is one pixel a cell while there is room", () => {
    const shape = unevenShape([2, 3, 1, 3]);
    const raster = rasterOf(shape, 400, 200);
    expect(raster.squeezed).toBe(false);
    raster.fill(new Uint8Array(9).fill(byte("completed")), plain);
    expect(raster.ranks.filter(Boolean)).toHaveLength(9);
  });

  test("updated cell by cell is as if filled anew, squeezed or not", () => {
    for (const [items, trials, width, height] of [
      [50, 3, 700, 200],
      [5000, 1, 40, 30],
      [900, 7, 33, 21],
    ]) {
      const plain = uniformShape(items, trials);
      const backwards = Uint32Array.from({ length: items }, (_, item) => items - 1 - item);
      for (const shape of [plain, sorted(plain, backwards)]) {
        for (const ranks of shadings(shape.cells)) {
          const raster = rasterOf(shape, width, height);
          const now = states(shape.cells);
          raster.fill(now, ranks);
          for (let turn = 0; turn < 300; turn++) {
            const cell = random(shape.cells);
            now[cell] = random(8);
            raster.update(now, cell, ranks);
          }
          const anew = rasterOf(shape, width, height);
          anew.fill(now, ranks);
          expect(raster.ranks).toEqual(anew.ranks);
        }
      }
    }
  });

  test("shows a marked cell before a worse one, and the lowest or the highest value", () => {
    const shape = uniformShape(20_000, 1);
    const now = new Uint8Array(20_000).fill(byte("completed"));
    now[700] = byte("task_failed");
    const [cell, beside] = [12_345, 12_346];
    const marking = { cells: maskOf(Uint32Array.of(cell), 20_000), kinds: new Set<never>() };
    const seen = (ranks: Ranks) => {
      const raster = rasterOf(shape, 50, 40);
      raster.fill(now, ranks);
      return raster.seenInsteadOf(now, beside, ranks);
    };
    expect(seen(new Ranks({ marking, plane: null }))).toBe(cell);
    for (const [worst, values] of [
      ["low", [9, 200]],
      ["high", [200, 9]],
    ] as const) {
      const plane: Plane = { worst, values: new Uint8Array(20_000).fill(100) };
      plane.values[cell] = values[0];
      plane.values[beside] = values[1];
      expect(seen(new Ranks({ ...PLAIN, plane }))).toBe(cell);
    }
  });

  test("shows one failure among many cells of a pixel, and finds it", () => {
    const shape = uniformShape(20_000, 1);
    const raster = rasterOf(shape, 50, 40);
    expect(raster.squeezed).toBe(true);
    const now = new Uint8Array(20_000).fill(byte("completed"));
    now[12_345] = byte("task_failed");
    raster.fill(now, plain);
    expect(raster.ranks.filter((rank) => rank === RANKS[byte("task_failed")])).toHaveLength(1);
    expect(raster.seenInsteadOf(now, 12_345, plain)).toBe(12_345);
  });
});
