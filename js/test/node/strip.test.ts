import { describe, expect, test } from "vitest";
import { byte } from "../../dev/fake";
import { drawing, lineOf } from "../../src/heatmap/drawing/strip";
import type { Runs } from "../../src/protocol/runs";

const [done, failed, never] = [byte("completed"), byte("task_failed"), byte("never_run")];
const share = ({ bytes, lengths }: Runs, wanted: number) => {
  const of = (is: (byte: number) => boolean) =>
    lengths.reduce((sum, length, at) => sum + (is(bytes[at]) ? length : 0), 0);
  return of((each) => each === wanted) / of(() => true);
};

describe("the line of an experiment", () => {
  test("is its cells while there are few", () => {
    const states = Uint8Array.of(done, failed, done, never);
    expect(lineOf(states)).toEqual({ bytes: [...states], lengths: [1, 1, 1, 1] });
    expect(lineOf(new Uint8Array(0)).bytes).toEqual([]);
  });

  test("shows proportions: 1.5 % failed is not a line of failures", () => {
    const states = Uint8Array.from({ length: 100_000 }, (_, cell) => (cell % 67 ? done : failed));
    const line = lineOf(states);
    expect(share(line, failed)).toBeCloseTo(0.015, 3);
    expect(line.bytes.filter((each) => each === failed)).toHaveLength(12);
  });

  test("keeps places: what was never run is at the end, one failure where it is", () => {
    const states = new Uint8Array(12_000).fill(done);
    states[5_432] = failed;
    states.fill(never, 10_000);
    const line = lineOf(states);
    expect([line.bytes.at(0), line.bytes.at(-1)]).toEqual([done, never]);
    expect(share(line, never)).toBeCloseTo(2 / 12);
    const at = line.bytes.indexOf(failed);
    const before = line.lengths.slice(0, at).reduce((sum, length) => sum + length, 0);
    expect(Math.floor(before / 1000)).toBe(5);
  });

  test("stacks what this resume filled on what was kept, and loses no cell", () => {
    const states = Uint8Array.from(
      { length: 1000 },
      (_, cell) => (cell % 8) | (cell % 3 ? 0 : 0x80),
    );
    const { lengths } = lineOf(states);
    expect(lengths.reduce((sum, length) => sum + length)).toBe(1000);
    const half = Uint8Array.from({ length: 1000 }, (_, cell) => (cell % 2 ? done : done | 0x80));
    expect(lineOf(half).bytes.slice(0, 2)).toEqual([done, done | 0x80]);
  });
});

test("a line is one path a kind, neighbours joined, with a stroke in the middle of each sliver", () => {
  const line = { bytes: [done, done, failed, done, failed], lengths: [200, 300, 4, 396, 100] };
  expect(drawing(line)).toEqual({
    length: 1000,
    paths: [
      { kind: "completed", bars: "M0 0h500v1h-500zM504 0h396v1h-396z", slivers: "" },
      { kind: "task_failed", bars: "M500 0h4v1h-4zM900 0h100v1h-100z", slivers: "M502 0v1" },
    ],
  });
});
