import { describe, expect, test } from "vitest";
import { byte } from "../../dev/fake";
import { fold } from "../../src/heatmap/layout";
import { Raster } from "../../src/heatmap/raster";
import { unevenShape, uniformShape } from "../../src/heatmap/shape";
import { RANKS } from "../../src/heatmap/states";

const random = (below: number) => Math.floor(Math.random() * below);
const states = (length: number) => Uint8Array.from({ length }, () => random(8));

function rasterOf(shape: ReturnType<typeof uniformShape>, width: number, height: number): Raster {
  return new Raster(fold(shape.items, shape.trials, width, height, 1), shape, 1);
}

describe("the raster", () => {
  test("is one pixel a cell while there is room", () => {
    const shape = unevenShape([2, 3, 1, 3]);
    const raster = rasterOf(shape, 400, 200);
    expect(raster.squeezed).toBe(false);
    raster.fill(new Uint8Array(9).fill(byte("completed")));
    expect(raster.ranks.filter(Boolean)).toHaveLength(9);
  });

  test("updated cell by cell is as if filled anew, squeezed or not", () => {
    for (const [items, trials, width, height] of [
      [50, 3, 700, 200],
      [5000, 1, 40, 30],
      [900, 7, 33, 21],
    ]) {
      const shape = uniformShape(items, trials);
      const raster = rasterOf(shape, width, height);
      const now = states(shape.cells);
      raster.fill(now);
      for (let turn = 0; turn < 300; turn++) {
        const cell = random(shape.cells);
        now[cell] = random(8);
        raster.update(now, cell);
      }
      const anew = rasterOf(shape, width, height);
      anew.fill(now);
      expect(raster.ranks).toEqual(anew.ranks);
    }
  });

  test("shows one failure among many cells of a pixel, and finds it", () => {
    const shape = uniformShape(20_000, 1);
    const raster = rasterOf(shape, 50, 40);
    expect(raster.squeezed).toBe(true);
    const now = new Uint8Array(20_000).fill(byte("completed"));
    now[12_345] = byte("task_failed");
    raster.fill(now);
    expect(raster.ranks.filter((rank) => rank === RANKS[byte("task_failed")])).toHaveLength(1);
    expect(raster.seenInsteadOf(now, 12_345)).toBe(12_345);
  });
});
