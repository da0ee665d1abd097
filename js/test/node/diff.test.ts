import { describe, expect, test } from "vitest";
import { diff } from "../../src/inspector/diff";
import { comparison } from "../../src/inspector/expected";

describe("a diff", () => {
  test("of words, with what both begin and end with left whole", () => {
    expect(diff("the quick brown fox", "the slow brown fox")).toEqual([
      ["same", "the "],
      ["gone", "quick"],
      ["new", "slow"],
      ["same", " brown fox"],
    ]);
  });

  test("gives back both texts, whatever they are", () => {
    const texts = ["", "a", "a b c", "c b a", "b\nb b", "né – 日本語 🙂!", "a b c ".repeat(30)];
    for (const before of texts) {
      for (const after of texts) {
        const changes = diff(before, after);
        const of = (other: string) =>
          changes.map(([kind, text]) => (kind === other ? "" : text)).join("");
        expect(of("new")).toBe(before);
        expect(of("gone")).toBe(after);
      }
    }
  });

  test("of very long texts is one for the other", () => {
    const [before, after] = ["a ".repeat(2000), "b ".repeat(2000)];
    expect(diff(before, after)).toEqual([
      ["gone", before.trimEnd()],
      ["new", after.trimEnd()],
      ["same", " "],
    ]);
  });
});

describe("what an output is compared with", () => {
  test("is the first known field of the item, and the output's text", () => {
    expect(comparison({ reference: "42", q: "?" }, { output: 42 })).toMatchObject({
      field: "reference",
      of: "output",
      expected: "42",
      actual: "42",
    });
    expect(comparison({ expected_output: "a", reference: "b" }, { text: "a" })).toMatchObject({
      field: "expected_output",
      of: "text",
    });
    expect(comparison({ answer: "a" }, { answer: "b", why: "c" })?.of).toBe("answer");
  });

  test("is nothing where nobody can say", () => {
    for (const [item, output] of [
      [{}, { output: "a" }],
      [{ reference: { a: 1 } }, { output: "a" }],
      [{ reference: "a" }, { one: "a", two: "b" }],
      [{ reference: "a" }, null],
      [null, { output: "a" }],
      [{ reference: "x".repeat(50_000) }, { output: "a" }],
    ]) {
      expect(comparison(item, output)).toBeNull();
    }
  });
});
