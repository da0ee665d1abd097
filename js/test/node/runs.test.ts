import { describe, expect, test } from "vitest";
import { countsOf, expand, joined, plain } from "../../src/protocol/runs";
// Made by the Python side, whose tests code the same: tests/notebook/widget/wire/test_runs.py.
import examples from "../runs.json";

const bytesOf = (hex: string) =>
  Uint8Array.from(hex.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
const states = (runs: number[][]) =>
  Uint8Array.from(runs.flatMap(([byte, length]) => Array(length).fill(byte)));

describe.each(examples)("what Python coded: $name", ({ runs, coded }) => {
  const wanted = states(runs);

  test("is decoded and counted", () => {
    const { bytes, counts } = expand(bytesOf(coded), wanted.length);
    expect(bytes).toEqual(wanted);
    expect(counts).toEqual(countsOf(wanted));
  });

  test("is put together again", () => {
    const { bytes, lengths } = joined(bytesOf(coded));
    expect(bytes.map((byte, at) => [byte, lengths[at]])).toEqual(runs);
  });
});

test("a code that does not fit the cells adds and loses none", () => {
  const code = Uint8Array.of(3, 9, 5, 9);
  for (const length of [0, 3, 10, 15, 20, 25, 300]) {
    const { bytes, counts } = expand(code, length);
    expect(bytes).toHaveLength(length);
    expect(counts).toEqual(countsOf(bytes));
  }
  expect([...expand(Uint8Array.of(3, 0, 5), 2).bytes]).toEqual([3, 0]);
});

test("plain bytes are copied: what was sent may be used again", () => {
  const sent = Uint8Array.of(3, 5, 3);
  const { bytes, counts } = plain(sent);
  sent.fill(0);
  expect([...bytes]).toEqual([3, 5, 3]);
  expect([counts[3], counts[5]]).toEqual([2, 1]);
});
