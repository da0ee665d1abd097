import { describe, expect, test } from "vitest";
import { byte } from "../../dev/fake";
import { PLAIN, Ranks } from "../../src/heatmap/cells/shading";
import { sorted, unevenShape, uniformShape } from "../../src/heatmap/cells/shape";
import { Raster } from "../../src/heatmap/drawing/raster";
import { fold } from "../../src/heatmap/geometry/layout";
import { Lens } from "../../src/heatmap/geometry/lens";
import { boxOf, cellAt, cellCentre, geometryOf } from "../../src/heatmap/geometry/viewport";

const lensOn = (items: number, trials: number, width = 726, height = 220, ratio = 1) => {
  const layout = fold(items, trials, width, height, ratio);
  const room = { width, height: Math.ceil(layout.top + layout.height), ratio };
  return new Lens(layout, room);
};
const random = (below: number) => Math.floor(Math.random() * below);

describe("coming closer", () => {
  test("keeps what is under the pointer there, as far as the edges let it", () => {
    for (const [items, trials] of [
      [294, 3],
      [5000, 1],
      [100_000, 10],
    ]) {
      const lens = lensOn(items, trials);
      const shape = uniformShape(items, trials);
      lens.zoomTo(2);
      const at = { x: 400, y: 130 };
      const cell = cellAt(lens.layout, shape, at.x, at.y);
      lens.zoomTo(lens.most, at);
      if (cell < 0) continue;
      const { left, top, width, height } = boxOf(lens.layout, shape, cell);
      expect(Math.abs(left + width / 2 - at.x)).toBeLessThan(80);
      expect(Math.abs(top + height / 2 - at.y)).toBeLessThan(60);
    }
  });

  test("never leaves the cells, stays sharp, and fits again", () => {
    for (const ratio of [1, 1.5, 2]) {
      const lens = lensOn(2000, 3, 726, 220, ratio);
      const { layout: fit } = lens;
      for (let turn = 0; turn < 200; turn++) {
        lens.zoomTo(1 + Math.random() * lens.most, { x: random(726), y: random(220) });
        lens.pan(random(2000) - 1000, random(2000) - 1000);
        const { x, y, width, height, shownWidth, shownHeight, top } = lens.layout;
        expect(x).toBeGreaterThanOrEqual(0);
        expect(y).toBeGreaterThanOrEqual(0);
        expect(x + shownWidth).toBeLessThanOrEqual(width + 0.001);
        expect(y + shownHeight).toBeLessThanOrEqual(height + 0.001);
        expect(shownWidth).toBeLessThanOrEqual(726);
        expect(top + shownHeight).toBeLessThanOrEqual(220);
        expect((x * ratio) % 1).toBeCloseTo(0);
      }
      lens.zoomTo(1);
      expect(lens.layout).toEqual(fit);
    }
  });

  test("ends where cells are as large as they can be: few cannot come closer", () => {
    expect(lensOn(12, 1).most).toBe(1);
    const lens = lensOn(20_000, 1);
    lens.zoomTo(1e9);
    expect(lens.layout.cellHeight).toBeGreaterThanOrEqual(20);
    expect(lens.layout.cellHeight).toBeLessThan(80);
  });

  test("a cell is revealed by the least move", () => {
    const lens = lensOn(2000, 3);
    const shape = uniformShape(2000, 3);
    lens.zoomTo(lens.most);
    for (const cell of [0, 5999, 3000, 17, 4444]) {
      lens.reveal(boxOf(lens.layout, shape, cell));
      const { left, top, width, height } = boxOf(lens.layout, shape, cell);
      const { shownWidth, shownHeight, top: head } = lens.layout;
      expect(left).toBeGreaterThanOrEqual(0);
      expect(left + width).toBeLessThanOrEqual(shownWidth);
      expect(top).toBeGreaterThanOrEqual(head);
      expect(top + height).toBeLessThanOrEqual(head + shownHeight);
      const { x, y } = lens.layout;
      lens.reveal(boxOf(lens.layout, shape, cell));
      expect([lens.layout.x, lens.layout.y]).toEqual([x, y]);
    }
  });

  test("another folding shows about the same part", () => {
    const before = lensOn(5000, 3);
    before.zoomTo(4);
    before.centre({ x: 0.7, y: 0.3 });
    const layout = fold(5000, 3, 400, 220, 1);
    const room = {
      width: 400,
      height: Math.ceil(layout.top + layout.height),
      ratio: 1,
    };
    const after = Lens.like(before, layout, room);
    expect(after.zoom).toBe(4);
    expect(after.part.left + after.part.width / 2).toBeCloseTo(0.7, 1);
  });
});

describe("what is in view", () => {
  test("is found by its geometry", () => {
    const lens = lensOn(294, 3);
    const shape = uniformShape(294, 3);
    lens.zoomTo(2.5, { x: 300, y: 100 });
    const geometry = geometryOf(lens.layout, shape);
    let seen = 0;
    for (let cell = 0; cell < shape.cells; cell++) {
      const { x, y } = cellCentre(geometry, cell);
      const found = cellAt(lens.layout, shape, x, y);
      if (found >= 0) seen++;
      expect([-1, cell]).toContain(found);
    }
    expect(seen).toBeGreaterThan(40);
    expect(seen).toBeLessThan(400);
  });

  test("has the pixels that all of it would have there, filled whole or cell by cell", () => {
    const plain = new Ranks(PLAIN);
    const shapes = [
      uniformShape(400, 3),
      uniformShape(9000, 1),
      uniformShape(4000, 7),
      unevenShape(Array.from({ length: 900 }, () => random(5))),
    ];
    shapes.push(
      sorted(
        shapes[2],
        Uint32Array.from({ length: 4000 }, (_, at) => 3999 - at),
      ),
    );
    for (const shape of shapes) {
      const lens = lensOn(shape.items, shape.trials, 120, 50);
      const now = Uint8Array.from({ length: shape.cells }, () => byte("completed"));
      for (let turn = 0; turn < 4; turn++) {
        lens.zoomTo(1 + random(5), { x: random(120), y: random(50) });
        const { layout } = lens;
        const everything = { x: 0, y: 0, shownWidth: layout.width, shownHeight: layout.height };
        const raster = new Raster(layout, shape, 1);
        raster.fill(now, plain);
        for (let change = 0; change < 50; change++) {
          const cell = random(shape.cells);
          now[cell] = random(8);
          raster.update(now, cell, plain);
        }
        const whole = new Raster({ ...layout, ...everything }, shape, 1);
        whole.fill(now, plain);
        const part = raster.ranks.map((_, pixel) => {
          const row = raster.top + Math.floor(pixel / raster.width);
          return whole.ranks[row * whole.width + raster.left + (pixel % raster.width)];
        });
        expect(raster.ranks).toEqual(part);
        const anew = new Raster(layout, shape, 1);
        anew.fill(now, plain);
        expect(anew.ranks).toEqual(part);
      }
    }
  });
});
