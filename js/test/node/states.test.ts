import { describe, expect, test, vi } from "vitest";
import { byte } from "../../dev/fake";
import { unevenShape, uniformShape } from "../../src/heatmap/cells/shape";
import { CellStates, isTroubled, KINDS_BY_SEVERITY, kindOf } from "../../src/heatmap/cells/states";
import { STATES } from "../../src/protocol";

const random = (below: number) => Math.floor(Math.random() * below);

describe("cell states", () => {
  test("counts kept while patching are those of a recount", () => {
    const cells = new CellStates();
    cells.replace(
      uniformShape(100, 3),
      Uint8Array.from({ length: 300 }, () => random(8)),
    );
    for (let turn = 0; turn < 200; turn++) {
      const indices = Uint32Array.from({ length: random(40) }, () => random(300));
      cells.apply(
        indices,
        Uint8Array.from(indices, () => random(8) | (random(2) * 0x80)),
      );
    }
    const recounted = new CellStates();
    recounted.replace(uniformShape(100, 3), cells.bytes);
    expect(cells.tally()).toEqual(recounted.tally());
    expect(Object.values(cells.tally()).reduce((a, b) => a + b)).toBe(300);
  });

  test("tell completed cells of this resume from kept ones, and no other state", () => {
    expect(kindOf(byte("completed"))).toBe("completed");
    expect(kindOf(byte("completed", true))).toBe("replayed");
    for (const state of STATES.filter((each) => each !== "completed")) {
      expect(kindOf(byte(state, true))).toBe(state);
    }
  });

  test("rank every kind once, failures last", () => {
    expect(new Set(KINDS_BY_SEVERITY).size).toBe(STATES.length + 1);
    expect(KINDS_BY_SEVERITY.at(-1)).toBe("task_failed");
    expect(STATES.filter((_, state) => isTroubled(state))).toEqual([
      "scores_missing",
      "task_failed",
      "scoring_failed",
    ]);
  });

  test("ignore cells they do not have", () => {
    const cells = new CellStates();
    cells.replace(uniformShape(2, 1), new Uint8Array(2));
    const listener = vi.fn();
    cells.subscribe(listener);
    cells.apply(Uint32Array.of(1, 2, 9), Uint8Array.of(3, 5, 5));
    expect([...cells.bytes]).toEqual([0, 3]);
    expect([...listener.mock.calls[0][0]]).toEqual([1]);
    expect(cells.tally().task_failed).toBe(0);
  });

  test("keep the shape they had while it says the same", () => {
    const cells = new CellStates();
    for (const shape of [() => uniformShape(2, 2), () => unevenShape([2, 1])]) {
      cells.replace(shape(), new Uint8Array(3));
      const before = cells.shape;
      cells.replace(shape(), new Uint8Array(3));
      expect(cells.shape).toBe(before);
    }
    cells.replace(unevenShape([1, 2]), new Uint8Array(3));
    expect(cells.label(1)).toBe("item 1 · trial 0");
  });
});
