import { describe, expect, test } from "vitest";
import { byte } from "../../dev/fake";
import { sorted, unevenShape, uniformShape } from "../../src/heatmap/cells/shape";
import type { Layout } from "../../src/heatmap/geometry/layout";
import { commandOf, nextTrouble } from "../../src/heatmap/pointing/keyboard";

// 10 items × 3 trials in blocks of 4 rows: items 0-3, 4-7, 8-9.
const shape = uniformShape(10, 3);
const layout = { rows: 4, blocks: 3, trials: 3 } as Layout;
const cell = (item: number, trial: number) => item * 3 + trial;
const none = { ctrlKey: false, metaKey: false, altKey: false };
const states = new Uint8Array(30).fill(byte("completed"));

const go = (key: string, from: number, more = {}) => {
  const command = commandOf({ ...none, key, ...more }, from, layout, shape);
  return command && typeof command === "object" && "move" in command ? command.move : command;
};

test("arrows walk items down and trials across, into the blocks beside", () => {
  expect(go("ArrowDown", cell(3, 1))).toBe(cell(4, 1));
  expect(go("ArrowUp", cell(4, 1))).toBe(cell(3, 1));
  expect(go("ArrowRight", cell(1, 1))).toBe(cell(1, 2));
  expect(go("ArrowRight", cell(1, 2))).toBe(cell(5, 0));
  expect(go("ArrowLeft", cell(5, 0))).toBe(cell(1, 2));
});

test("the edges hold", () => {
  expect(go("ArrowUp", cell(0, 2))).toBe(cell(0, 2));
  expect(go("ArrowDown", cell(9, 0))).toBe(cell(9, 0));
  expect(go("ArrowLeft", cell(2, 0))).toBe(cell(2, 0));
  expect(go("ArrowRight", cell(9, 2))).toBe(cell(9, 2));
});

test("home, end and pages", () => {
  expect(go("Home", cell(9, 1))).toBe(cell(1, 0));
  expect(go("End", cell(1, 1))).toBe(cell(9, 2));
  expect(go("End", cell(3, 0))).toBe(cell(7, 2));
  expect(go("Home", cell(9, 1), { ctrlKey: true })).toBe(0);
  expect(go("End", 0, { ctrlKey: true })).toBe(29);
  expect(go("PageDown", cell(5, 1))).toBe(cell(9, 1));
  expect(go("PageDown", cell(7, 1))).toBe(cell(9, 1));
  expect(go("PageUp", cell(5, 1))).toBe(cell(1, 1));
});

describe("the next trouble", () => {
  const some = states.slice();
  some[0] = byte("task_failed");
  some[4] = byte("scores_missing");
  some[20] = byte("scoring_failed", true);
  some[25] = byte("interrupted");
  const all = () => true;
  const walk = (from: number | null, by: 1 | -1, of = shape) => {
    const seen: number[] = [];
    let at = from;
    for (let step = 0; step < 4; step++) {
      at = nextTrouble(some, of, at, by, all);
      seen.push(at);
    }
    return seen;
  };

  test("is failed or lacks scores, in both directions and round the end", () => {
    expect(walk(0, 1)).toEqual([4, 20, 0, 4]);
    expect(walk(0, -1)).toEqual([20, 4, 0, 20]);
  });

  test("is the first one when the cursor has been nowhere, even on the first cell", () => {
    expect(walk(null, 1)).toEqual([0, 4, 20, 0]);
    expect(walk(null, -1)).toEqual([20, 4, 0, 20]);
  });

  test("follows the order in which items are drawn", () => {
    const backwards = sorted(
      shape,
      Uint32Array.from({ length: 10 }, (_, item) => 9 - item),
    );
    expect(walk(null, 1, backwards)).toEqual([20, 4, 0, 20]);
  });

  test("is among some only, and none where none is", () => {
    expect(nextTrouble(some, shape, 0, 1, (cell) => cell > 4)).toBe(20);
    expect(nextTrouble(states, shape, 0, 1, all)).toBe(-1);
    expect(nextTrouble(some, uniformShape(0, 1), null, 1, all)).toBe(-1);
  });
});

test("g selects a group, where there are groups", () => {
  const groups = { names: ["a", "b"], starts: Uint32Array.of(0, 4, 10) };
  const order = Uint32Array.from({ length: 10 }, (_, item) => item);
  const grouped = sorted(shape, order, groups);
  expect(commandOf({ ...none, key: "g" }, 0, layout, grouped)).toBe("group");
  expect(commandOf({ ...none, key: "g", ctrlKey: true }, 0, layout, grouped)).toBeNull();
  expect(commandOf({ ...none, key: "g" }, 0, layout, shape)).toBeNull();
});

test("arrows walk as items are drawn", () => {
  const order = Uint32Array.of(3, 0, 1, 2, 4, 5, 6, 7, 8, 9);
  const down = commandOf({ ...none, key: "ArrowDown" }, cell(3, 1), layout, sorted(shape, order));
  expect(down).toEqual({ move: cell(0, 1) });
});

test("other keys, and chords of the host, are left alone", () => {
  for (const key of ["a", "Tab", "d", "F5"]) expect(go(key, 3)).toBeNull();
  expect(go("n", 0, { ctrlKey: true })).toBeNull();
  expect(go("Enter", 0, { ctrlKey: true })).toBeNull();
  expect(go("ArrowDown", 0, { altKey: true })).toBeNull();
  expect(go("Enter", 0)).toBe("inspect");
  expect(go(" ", 0)).toBe("inspect");
  expect(go("Escape", 0)).toBe("leave");
});

test("items with fewer trials are entered at their last", () => {
  const uneven = unevenShape([3, 1, 2]);
  const down = commandOf({ ...none, key: "ArrowDown" }, 2, layout, uneven);
  expect(down).toEqual({ move: 3 });
});
