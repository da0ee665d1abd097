import { describe, expect, test } from "vitest";
import {
  cellsIn,
  cellsOf,
  cellsOfRectangles,
  counted,
  joined,
  rectanglesOf,
  sameRectangles,
  spanBetween,
} from "../../src/heatmap/cells/selection";
import { sorted, unevenShape, uniformShape } from "../../src/heatmap/cells/shape";
import { fold } from "../../src/heatmap/geometry/layout";
import { boxOf, itemLabelAt, spanOf, trialLabelAt } from "../../src/heatmap/geometry/viewport";

const all = () => true;
const numbers = (cells: Uint8Array) => [...cells.keys()].filter((cell) => cells[cell]);
const cellsFrom = (length: number, chosen: readonly number[]) =>
  Uint8Array.from({ length }, (_, cell) => Number(chosen.includes(cell)));

// 10 items × 3 trials in blocks of 4 rows: items 0-3, 4-7, 8-9.
const shape = uniformShape(10, 3);
const layout = { ...fold(10, 3, 700, 200, 1), rows: 4, blocks: 3, trials: 3 };

describe("what is between two cells", () => {
  test("is a rectangle as they are drawn, over blocks as well", () => {
    const between = (one: number, other: number, of = shape) =>
      numbers(cellsIn(spanBetween(layout, of, one, other), layout, of, all));
    expect(between(0, 0)).toEqual([0]);
    expect(between(1, 8)).toEqual([1, 2, 4, 5, 7, 8]); // items 0-2, trials 1-2
    expect(between(8, 1)).toEqual([1, 2, 4, 5, 7, 8]);
    // Item 1's last trial, and the item beside it (5) with its first two.
    expect(between(5, 16)).toEqual([5, 15, 16]);
    const backwards = sorted(
      shape,
      Uint32Array.from({ length: 10 }, (_, at) => 9 - at),
    );
    expect(between(27, 24, backwards)).toEqual([24, 27]); // items 9 and 8 are the first two
  });

  test("leaves out what a filter hides, and cells that there are not", () => {
    const uneven = unevenShape([1, 3, 2]);
    const span = { columns: [0, 2], rows: [0, 2] } as const;
    const narrow = { ...layout, rows: 3, blocks: 1 };
    expect(numbers(cellsIn(span, narrow, uneven, all))).toEqual([0, 1, 2, 3, 4, 5]);
    expect(numbers(cellsIn(span, narrow, uneven, (cell) => cell % 2 === 0))).toEqual([0, 2, 4]);
  });
});

describe("a drag", () => {
  test("takes every cell that it touches, from gaps and numbers as well", () => {
    for (const [items, trials, width] of [
      [294, 3, 726],
      [20, 3, 726],
      [700, 1, 726],
      [5000, 4, 300],
    ]) {
      const shape = uniformShape(items, trials);
      const layout = fold(items, trials, width, 220, 1);
      for (const [one, other] of [
        [0, shape.cells - 1],
        [7, 7],
        [shape.cells - 2, 4],
      ]) {
        const [a, b] = [one, other].map((cell) => boxOf(layout, shape, cell));
        const middle = ({ left, top, width, height }: typeof a) => ({
          x: left + width / 2,
          y: top + height / 2,
        });
        expect(spanOf(layout, middle(a), middle(b))).toEqual(
          spanBetween(layout, shape, one, other),
        );
      }
    }
    const layout = fold(294, 3, 726, 220, 1);
    const gap = 3 * layout.cellWidth + layout.left + 1;
    const span = spanOf(layout, { x: gap, y: 100 }, { x: gap + layout.cellWidth, y: 100 });
    expect(span.columns[0]).toBe(3);
    expect(spanOf(layout, { x: 1, y: 100 }, { x: gap, y: 100 }).columns).toEqual([0, 2]);
  });

  test("numbers of items and trials are found where they are drawn", () => {
    const shape = uniformShape(20, 3);
    const layout = fold(20, 3, 300, 220, 1);
    expect(layout.left).toBeGreaterThan(0);
    const { left, top, width, height } = boxOf(layout, shape, 25);
    const [x, y] = [left + width / 2, top + height / 2];
    expect(trialLabelAt(layout, x, 3)).toBe(1);
    expect(trialLabelAt(layout, x, layout.top + 1)).toBe(-1);
    expect(itemLabelAt(layout, shape, left - layout.cellWidth - layout.left / 2, y)).toBe(8);
    expect(itemLabelAt(layout, shape, x, y)).toBe(-1);
    const plain = fold(20, 1, 300, 220, 1);
    expect([plain.left, plain.top]).toEqual([0, 0]);
  });
});

describe("sets of cells", () => {
  test("of an item, of a trial, of all", () => {
    const uneven = unevenShape([2, 3, 1]);
    expect(numbers(cellsOf(uneven, { item: 1 }, all))).toEqual([2, 3, 4]);
    expect(numbers(cellsOf(uneven, { trial: 1 }, all))).toEqual([1, 3]);
    expect(numbers(cellsOf(uneven, {}, all))).toHaveLength(6);
    expect(numbers(cellsOf(uneven, {}, (cell) => cell > 3))).toEqual([4, 5]);
    const groups = { names: ["a", "b"], starts: Uint32Array.of(0, 1, uneven.items) };
    const grouped = sorted(uneven, Uint32Array.of(1, 0, 2), groups);
    expect(numbers(cellsOf(grouped, { group: 0 }, all))).toEqual([2, 3, 4]);
    expect(numbers(cellsOf(grouped, { group: 1 }, all))).toEqual([0, 1, 5]);
    expect(numbers(cellsOf(grouped, { item: 1 }, all))).toEqual([2, 3, 4]);
  });

  test("are joined, and taken out again when all of them were there", () => {
    const [some, more] = [cellsFrom(6, [1, 2]), cellsFrom(6, [2, 3])];
    expect(joined(some, more, "instead")).toBe(more);
    expect(numbers(joined(some, more, "with"))).toEqual([1, 2, 3]);
    expect(numbers(joined(some, more, "toggle"))).toEqual([1, 2, 3]);
    expect(numbers(joined(some, cellsFrom(6, [2]), "toggle"))).toEqual([1]);
    expect(joined(null, more, "with")).toBe(more);
    expect(counted(some, uniformShape(3, 2))).toEqual({ runs: 2, items: 2 });
  });
});

describe("on the wire", () => {
  test("they are few rectangles, and come back", () => {
    const random = (below: number) => Math.floor(Math.random() * below);
    const shapes = [shape, uniformShape(40, 1), unevenShape([2, 0, 5, 1, 1, 3, 0, 0, 4])];
    for (const shape of shapes) {
      for (let turn = 0; turn < 60; turn++) {
        const often = random(4);
        const cells = new Uint8Array(shape.cells).map(() => Number(random(4) <= often));
        const rectangles = rectanglesOf(cells, shape);
        expect(cellsOfRectangles(rectangles, shape)).toEqual(cells);
        expect(sameRectangles(rectangles, JSON.parse(JSON.stringify(rectangles)))).toBe(true);
        for (const [from, to, first, last] of rectangles) {
          expect(0 <= from && from < to && to <= shape.items).toBe(true);
          expect(0 <= first && first < last && last <= shape.trials).toBe(true);
        }
      }
      const everything = new Uint8Array(shape.cells).fill(1);
      expect(rectanglesOf(everything, shape)).toEqual([[0, shape.items, 0, shape.trials]]);
      expect(rectanglesOf(new Uint8Array(shape.cells), shape)).toEqual([]);
    }
  });

  test("a million cells are told apart in moments", () => {
    const large = uniformShape(100_000, 10);
    const cells = new Uint8Array(1_000_000);
    cells.fill(1, 500_000, 700_000);
    const began = performance.now();
    expect(rectanglesOf(cells, large)).toEqual([[50_000, 70_000, 0, 10]]);
    expect(counted(cells, large)).toEqual({ runs: 200_000, items: 20_000 });
    expect(performance.now() - began).toBeLessThan(1000);
  });
});
