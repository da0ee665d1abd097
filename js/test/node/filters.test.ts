import { expect, test } from "vitest";
import type { Row } from "../../src/protocol";
import { counted, meets, passes, wanted } from "../../src/state/filters";

const row = (name: string, state: Row["state"], failed = 0) => ({ name, state, failed }) as Row;
const rows = [
  row("gpt resumable", "complete"),
  row("gpt", "resumable", 3),
  row("haiku", "running"),
  row("smoke", "unread"),
  row("old", "not_resumable"),
];

test("words of a search that name a state are filters, the rest is looked for in names", () => {
  expect(wanted("gpt 5 Resumable")).toEqual({ text: "gpt 5", words: ["resumable"] });
  expect(wanted("two  spaces ")).toEqual({ text: "two  spaces ", words: [] });
  expect(wanted("")).toEqual({ text: "", words: [] });
});

test("a row is meant by its state, or by its name after all", () => {
  const meant = (search: string) =>
    rows.filter((each) => meets(each, wanted(search))).map(({ name }) => name);
  expect(meant("resumable")).toEqual(["gpt resumable", "gpt"]);
  expect(meant("failed")).toEqual(["gpt"]);
  expect(meant("running")).toEqual(["haiku"]);
  expect(meant("Not resumable")).toEqual(["old"]);
  expect(meant("")).toHaveLength(5);
});

test("rows are counted by filter", () => {
  expect(counted(rows)).toEqual({ all: 5, resumable: 1, running: 1, complete: 1 });
  expect(rows.filter((each) => passes(each, "all"))).toHaveLength(5);
});
