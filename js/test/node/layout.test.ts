import { describe, expect, test } from "vitest";
import { cellOf, itemOf, trialOf, unevenShape, uniformShape } from "../../src/heatmap/cells/shape";
import { fold } from "../../src/heatmap/geometry/layout";
import { boxOf, cellAt, cellCentre, geometryOf } from "../../src/heatmap/geometry/viewport";

const ITEMS = [0, 1, 2, 7, 20, 294, 1000, 20_000];
const TRIALS = [1, 2, 3, 10, 40];
const ROOMS = [
  [726, 220],
  [1060, 220],
  [300, 220],
];

const every = (check: (items: number, trials: number, room: number[], ratio: number) => void) => {
  for (const items of ITEMS)
    for (const trials of TRIALS)
      for (const room of ROOMS) for (const ratio of [1, 1.5, 2]) check(items, trials, room, ratio);
};

describe("folding", () => {
  test("keeps every cell in the room, and every item in a block", () => {
    every((items, trials, [width, height], ratio) => {
      const layout = fold(items, trials, width, height, ratio);
      expect(layout.width).toBeLessThanOrEqual(width + 0.001);
      expect(layout.top + layout.height).toBeLessThanOrEqual(height + 0.001);
      expect(layout.rows * layout.blocks).toBeGreaterThanOrEqual(items);
      expect(layout.rows * (layout.blocks - 1)).toBeLessThan(Math.max(1, items));
    });
  });

  test("has sharp edges: cells of a device pixel or more are whole device pixels", () => {
    every((items, trials, [width, height], ratio) => {
      const { cellWidth, cellHeight, blockWidth } = fold(items, trials, width, height, ratio);
      for (const length of [cellWidth, cellHeight]) {
        if (length * ratio >= 1) expect((length * ratio) % 1).toBeCloseTo(0);
      }
      if (cellWidth >= 1) expect(((blockWidth * ratio) / 0.5) % 1).toBeCloseTo(0);
    });
  });

  test("spares gaps only where cells have room for them", () => {
    every((items, trials, [width, height], ratio) => {
      const { cellWidth, cellHeight, gap } = fold(items, trials, width, height, ratio);
      expect(gap > 0).toBe(Math.min(cellWidth, cellHeight) >= 4);
    });
  });

  test("uses most of the room when there is much to show", () => {
    for (const items of [294, 1000, 5000, 20_000, 1_000_000]) {
      const { width, height } = fold(items, 3, 726, 220, 1);
      expect((width * height) / (726 * 220)).toBeGreaterThan(0.7);
    }
  });

  test("puts experiments of one trial in one plain block", () => {
    for (const items of [5, 300, 5000]) {
      const layout = fold(items, 1, 726, 220, 1);
      expect(layout.blockWidth).toBe(layout.cellWidth);
    }
  });

  test("keeps blocks of trials apart", () => {
    const layout = fold(294, 3, 726, 220, 1);
    expect(layout.blocks).toBeGreaterThan(5);
    expect(layout.blockWidth).toBeGreaterThan(3 * layout.cellWidth);
  });
});

describe("shapes", () => {
  const runs = [2, 0, 5, 1, 1, 3];
  const shape = unevenShape(runs);

  test("number cells item by item, trial by trial", () => {
    let cell = 0;
    runs.forEach((count, item) => {
      for (let trial = 0; trial < count; trial++, cell++) {
        expect([itemOf(shape, cell), trialOf(shape, cell)]).toEqual([item, trial]);
        expect(cellOf(shape, item, trial)).toBe(cell);
      }
      expect(cellOf(shape, item, count)).toBe(-1);
    });
    expect(cell).toBe(shape.cells);
  });

  test("know no cell outside", () => {
    expect(cellOf(shape, -1, 0)).toBe(-1);
    expect(cellOf(shape, runs.length, 0)).toBe(-1);
    expect(cellOf(shape, 0, -1)).toBe(-1);
  });
});

describe("finding cells", () => {
  const shapes = [
    uniformShape(294, 3),
    uniformShape(1000, 1),
    unevenShape([3, 1, 4, 1, 5, 9, 2, 6, 5, 3, 5]),
  ];

  test("the centre of each cell is in its box, and hits it", () => {
    for (const shape of shapes) {
      const layout = fold(shape.items, shape.trials, 726, 220, 1);
      const geometry = JSON.parse(JSON.stringify(geometryOf(layout, shape)));
      for (let cell = 0; cell < shape.cells; cell++) {
        const { x, y } = cellCentre(geometry, cell);
        const box = boxOf(layout, shape, cell);
        expect(x).toBeGreaterThan(box.left);
        expect(x).toBeLessThan(box.left + box.width);
        expect(y).toBeGreaterThan(box.top);
        expect(y).toBeLessThan(box.top + box.height);
        expect(cellAt(layout, shape, x, y)).toBe(cell);
      }
    }
  });

  test("names of groups tell more than larger cells do, as long as those can be seen well", () => {
    const names = ["history", "law", "maths", "medicine"];
    for (const [items, trials] of [
      [120, 3],
      [60, 2],
      [90, 1],
    ]) {
      const named = fold(items, trials, 782, 220, 1, names);
      expect(named.left, `${items} × ${trials}`).toBe(57);
      expect(named.cellWidth).toBeGreaterThanOrEqual(9);
      expect(named.width).toBeLessThanOrEqual(782);
    }
    expect(fold(3000, 3, 782, 220, 1, names).left, "but not of thousands").toBe(0);
  });

  test("names of groups have room beside rows that are high enough, and no more than a quarter", () => {
    const names = ["code", "x".repeat(100)];
    for (const trials of [1, 3]) {
      const few = fold(20, trials, 726, 220, 1, names);
      expect(few.left).toBe(112);
      expect(few.width).toBeLessThanOrEqual(726);
      const shape = uniformShape(20, trials);
      for (const cell of [0, shape.cells - 1]) {
        const { left, top } = boxOf(few, shape, cell);
        expect(cellAt(few, shape, left + 1, top + 1)).toBe(cell);
        expect(
          cellAt(
            few,
            shape,
            (trials === 3 ? left - (cell % 3) * few.cellWidth : left) - 5,
            top + 1,
          ),
        ).toBe(-1);
      }
    }
    expect(fold(20, 3, 300, 220, 1, names).left).toBeLessThanOrEqual(75);
    expect(fold(20, 1, 726, 220, 1, ["a"]).left).toBe(15);
    expect(fold(20, 3, 726, 220, 1, ["a"]).left).toBe(fold(20, 3, 726, 220, 1).left); // its numbers have more
    expect(fold(5000, 3, 726, 220, 1, names).left).toBe(0);
    expect(fold(20, 1, 726, 220, 1).left).toBe(0);
  });

  test("between blocks, outside and on blanks there is no cell", () => {
    const shape = uniformShape(294, 3);
    const layout = fold(294, 3, 726, 220, 1);
    expect(cellAt(layout, shape, 3 * layout.cellWidth + 1, layout.top + 5)).toBe(-1);
    expect(cellAt(layout, shape, -1, layout.top + 5)).toBe(-1);
    expect(cellAt(layout, shape, 5, layout.top + layout.height)).toBe(-1);
    const uneven = unevenShape([1, 3]);
    const folded = fold(2, 3, 726, 220, 1);
    expect(cellAt(folded, uneven, folded.left + 1.5 * folded.cellWidth, folded.top + 1)).toBe(-1);
  });
});
