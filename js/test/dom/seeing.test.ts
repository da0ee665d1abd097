import { describe, expect, test, vi } from "vitest";
import { byte, experiment, FakeKernel } from "../../dev/fake";
import { dollars, factLines, figure, meanOf } from "../../src/base/words";
import { type Mounted, mountOpen } from "./mount";

const soon = vi.waitFor;
const some = () => {
  const states = new Uint8Array(36).fill(byte("completed"));
  states[4] = byte("task_failed");
  states[8] = byte("scores_missing");
  states[30] = byte("never_run");
  return new FakeKernel([
    experiment("one", "gpt", 12, 3, states),
    experiment("two", "smoke", 2, 1, Uint8Array.of(3, 3)),
  ]);
};
const chooser = ({ root }: Mounted, label: string) => {
  const labels = [...root.querySelectorAll<HTMLLabelElement>(".oprs-seeing label")];
  const found = labels.find((each) => each.textContent?.includes(label));
  return found?.querySelector("select") as HTMLSelectElement;
};
const choose = (mounted: Mounted, label: string, value: string) => {
  const select = chooser(mounted, label);
  select.value = value;
  select.dispatchEvent(new Event("change", { bubbles: true }));
};
const cellsIn = (rectangles: readonly (readonly number[])[]) =>
  rectangles.reduce((sum, [from, to, first, last]) => sum + (to - from) * (last - first), 0);
const opened = async (kernel: FakeKernel) => {
  const mounted = await mountOpen(kernel);
  await soon(() => expect(chooser(mounted, "Colour by").options.length).toBeGreaterThan(3));
  return mounted;
};
const press = (element: Element, key: string) =>
  element.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true }));

describe("colour and order", () => {
  test("every metric is offered, and its mean is said", async () => {
    const mounted = await opened(some());
    const names = [...chooser(mounted, "Colour by").options].map((option) => option.textContent);
    expect(names).toEqual([
      "state",
      "keywords",
      "words",
      "duration",
      "attempts",
      "disagreement in keywords",
      "disagreement in words",
      "against smoke",
    ]);
    const [first] = mounted.root.querySelectorAll(".oprs-means .oprs-mean");
    expect(first.textContent, "no line begins with a point").toMatch(/\) ·$/);
    expect(mounted.text(".oprs-means")).toMatch(
      /^keywords 0\.\d\d ± 0\.02 \(n 34\) · words 0\.\d\d ± 0\.02 \(n 33\)$/,
    );
  });

  test("a scale is a legend with a histogram, and says what has no value", async () => {
    const mounted = await opened(some());
    choose(mounted, "Colour by", "score:words");
    await soon(() => mounted.find(".oprs-scale svg"));
    expect(mounted.root.querySelectorAll(".oprs-scale rect")).toHaveLength(20);
    expect(mounted.text(".oprs-scale")).toContain("0 — 1");
    expect(mounted.text(".oprs-scale")).toContain("no value 2");
    choose(mounted, "Colour by", "state");
    await soon(() => expect(mounted.root.querySelector(".oprs-scale")).toBeNull());
  });

  test("what is late is asked again when it has come", async () => {
    const kernel = some();
    const mounted = await opened(kernel);
    const { plane } = kernel.methods;
    kernel.methods.plane = () => [null];
    choose(mounted, "Colour by", "score:words");
    await soon(() => expect(kernel.control.sent.map(({ method }) => method)).toContain("plane"));
    expect(mounted.root.querySelector(".oprs-scale svg")).toBeNull();
    kernel.methods.plane = plane;
    kernel.changed("view");
    await soon(() => mounted.find(".oprs-scale svg"));
  });

  test("sorting is said in the caption, and n follows the drawn order", async () => {
    const mounted = await opened(some());
    expect(mounted.text(".oprs-caption")).toContain("newest first");
    choose(mounted, "Sort by", "failures");
    await soon(() => expect(mounted.text(".oprs-caption")).toContain("worst first"));
    press(mounted.find(".oprs-group"), "N");
    const shown = () => mounted.find(".oprs-inspector").dataset.cell;
    await soon(() => expect(["4", "8"]).toContain(shown()));
  });

  test("cost and tokens are offered where they are known, each in its own words", async () => {
    const kernel = some();
    const [one] = kernel.experiments;
    one.plan = { ...one.plan, priced: true };
    const mounted = await opened(kernel);
    expect(chooser(mounted, "Sort by").textContent).toContain("costtokens");
    choose(mounted, "Colour by", "cost");
    await soon(() => expect(mounted.text(".oprs-scale")).toContain("$0.0004 — $0.031"));
    expect(mounted.text(".oprs-scale")).toMatch(/mean \$0\.\d\d ± \$0\.02 \(n 34\)/);
    choose(mounted, "Colour by", "tokens");
    await soon(() => expect(mounted.text(".oprs-scale")).toContain("210 — 12,400"));
  });

  test("disagreement is that in any score, of items; one trial has none", async () => {
    const mounted = await opened(some());
    const offered = (label: string) =>
      [...chooser(mounted, label).options]
        .filter(({ value }) => /^disag/.test(value))
        .map(({ textContent }) => textContent);
    const both = ["disagreement in keywords", "disagreement in words"];
    await soon(() => expect(offered("Colour by")).toEqual(both));
    expect(offered("Sort by")).toEqual(both);
    choose(mounted, "Colour by", "disagreement:score:words");
    await soon(() => expect(mounted.text(".oprs-scale")).toMatch(/\(n \d+ items\)/));
    expect(mounted.text(".oprs-scale"), "whatever is cut above").toContain("disagreement in words");
    expect(chooser(mounted, "Colour by").title).toBe("disagreement in words");
    // What was run and has no value is counted, be its item's other trials as they may.
    expect(mounted.text(".oprs-scale")).toContain("no value 0");
    choose(mounted, "Sort by", "disagreement:score:words");
    await soon(() => expect(mounted.text(".oprs-caption")).toContain("worst first"));
    choose(mounted, "Colour by", "score:keywords");
    expect(offered("Colour by"), "whatever is looked at").toEqual(both);
    expect(chooser(mounted, "Sort by").value).toBe("disagreement:score:words");
    const single = await opened(
      new FakeKernel([experiment("two", "smoke", 3, 1, Uint8Array.of(3, 3, 3))]),
    );
    expect(chooser(single, "Colour by").textContent).not.toContain("disagreement");
  });

  test("items are grouped by a field of theirs: said in the caption and of each cell", async () => {
    const mounted = await opened(some());
    choose(mounted, "Sort by", "field:category");
    await soon(() => expect(mounted.text(".oprs-caption")).toContain("items, by category: arithm"));
    expect(mounted.text(".oprs-caption")).toContain("no category · each column holds 3 trials");
    press(mounted.find(".oprs-frame"), "n");
    await soon(() =>
      expect(mounted.text(".oprs-inspector")).toMatch(/item \d+ · trial \d · arithmetic/),
    );
    expect(mounted.text("[role=gridcell]")).toMatch(/ · arithmetic: scores missing$/);
    choose(mounted, "Sort by", "order");
    await soon(() => expect(mounted.text(".oprs-inspector")).not.toContain("· arithmetic"));
  });

  test("without a score, trials disagree by their states; fields are known before anything has run", async () => {
    const kernel = new FakeKernel([experiment("new", "new", 4, 2, new Uint8Array(8))]);
    const mounted = await opened(kernel);
    const names = () => [...chooser(mounted, "Sort by").options].map(({ value }) => value);
    await soon(() => expect(names()).toContain("field:category"));
    expect(names()).toContain("disagreement");
  });

  test("a refusal of colours or an order is said below the grid", async () => {
    const kernel = some();
    const mounted = await opened(kernel);
    const plane = kernel.methods.plane;
    kernel.methods.plane = () => {
      throw new Error("There is no experiment with that id.");
    };
    choose(mounted, "Colour by", "score:words");
    await soon(() => expect(mounted.text(".oprs-scale [role=alert]")).toMatch(/^There is no/));
    kernel.methods.plane = plane;
    choose(mounted, "Colour by", "score:keywords");
    await soon(() => mounted.find(".oprs-scale svg"));
    expect(mounted.root.querySelector("[role=alert]")).toBeNull();
  });

  test("another experiment is seen as states, in its order", async () => {
    const mounted = await opened(some());
    choose(mounted, "Colour by", "duration");
    await soon(() => mounted.find(".oprs-scale svg"));
    mounted.find(".oprs-row[data-id=two]").click();
    await soon(() => expect(mounted.root.dataset.experiment).toBe("two"));
    await soon(() => expect(chooser(mounted, "Colour by").value).toBe("state"));
    expect(mounted.root.querySelector(".oprs-scale")).toBeNull();
  });
});

describe("the legend", () => {
  test("entries mark their states, several at once", async () => {
    const mounted = await opened(some());
    const entry = (state: string) => mounted.find(`.oprs-legend [data-state=${state}] button`);
    entry("task_failed").click();
    entry("scores_missing").click();
    await soon(() => expect(entry("scores_missing").getAttribute("aria-pressed")).toBe("true"));
    expect(entry("task_failed").getAttribute("aria-pressed")).toBe("true");
    entry("task_failed").click();
    await soon(() => expect(entry("task_failed").getAttribute("aria-pressed")).toBe("false"));
    press(mounted.find(".oprs-frame"), "n");
    await soon(() => expect(mounted.find(".oprs-inspector").dataset.cell).toBe("8"));
  });
});

describe("the next trouble", () => {
  test("is found from a folded list and from a box to tick, too", async () => {
    const mounted = await opened(some());
    const shown = () => mounted.find(".oprs-inspector").dataset.cell;
    press(chooser(mounted, "Colour by"), "n");
    await soon(() => expect(shown()).toBe("4"));
    const box = document.createElement("input");
    box.type = "checkbox";
    mounted.find(".oprs-plan").append(box);
    press(box, "n");
    await soon(() => expect(shown()).toBe("8"));
    box.type = "number";
    press(box, "n");
    expect(shown()).toBe("8");
  });

  test("is found again and again from within the inspector, where the focus stays", async () => {
    const mounted = await opened(some());
    const shown = () => mounted.find(".oprs-inspector").dataset.cell;
    press(mounted.find(".oprs-heatmap"), "n");
    for (const [part, cell] of [
      ["[role=tab]", "8"],
      [".oprs-copy", "4"],
    ] as const) {
      await soon(() => mounted.find(part));
      mounted.find(part).focus();
      press(mounted.find(part), "n");
      await soon(() => expect(shown()).toBe(cell));
      expect(mounted.find(".oprs-inspector").contains(document.activeElement)).toBe(true);
    }
    const panel = mounted.find(".oprs-panel");
    panel.focus();
    panel.scrollTop = 40;
    press(panel, "n");
    await soon(() => expect(shown()).toBe("8"));
    await soon(() => mounted.find("[role=tab]"));
    expect(document.activeElement).toBe(panel);
    expect(panel.scrollTop).toBe(0);
  });
});

describe("a selection", () => {
  const selects = (kernel: FakeKernel) =>
    kernel.control.sent
      .filter(({ method }) => method === "select")
      .map(({ params }) => params.runs);
  const entry = ({ find }: Mounted, state: string) =>
    find(`.oprs-legend [data-state=${state}] button`);

  test("of all of a state is counted, told to the kernel, and given up", async () => {
    const kernel = some();
    const mounted = await opened(kernel);
    const select = (state: string) =>
      entry(mounted, state).dispatchEvent(
        new MouseEvent("click", { shiftKey: true, bubbles: true }),
      );
    select("task_failed");
    await soon(() => expect(mounted.text(".oprs-selected")).toContain("1 run selected"));
    await soon(() => expect(mounted.text(".oprs-selected")).toContain("keywords 0."));
    expect(selects(kernel)).toEqual([[[1, 2, 1, 2]]]);
    select("completed");
    await soon(() =>
      expect(mounted.text(".oprs-selected")).toContain("33 runs selected (12 items)"),
    );
    mounted.find(".oprs-selected button").click();
    await soon(() => expect(mounted.root.querySelector(".oprs-selected")).toBeNull());
    await soon(() => expect(selects(kernel).at(-1)).toEqual([]));
    expect(mounted.text(".oprs-caption")).toContain("newest first");
  });

  test("by Python or another view is shown, and forgotten with the experiment", async () => {
    const kernel = some();
    const mounted = await opened(kernel);
    kernel.control.set("rectangles", [[0, 4, 0, 3]]);
    await soon(() =>
      expect(mounted.text(".oprs-selected")).toContain("12 runs selected (4 items)"),
    );
    press(mounted.find(".oprs-frame"), "n");
    await soon(() => expect(mounted.find(".oprs-inspector").dataset.cell).toBe("4"));
    kernel.control.set("rectangles", []);
    await soon(() => expect(mounted.root.querySelector(".oprs-selected")).toBeNull());
    kernel.control.set("rectangles", [[0, 1, 0, 3]]);
    await soon(() => mounted.find(".oprs-selected"));
    mounted.find(".oprs-row[data-id=two]").click();
    await soon(() => expect(mounted.root.dataset.experiment).toBe("two"));
    await soon(() => expect(mounted.root.querySelector(".oprs-selected")).toBeNull());
  });

  test("by Python twice while the kernel is busy is the second", async () => {
    const kernel = some();
    const mounted = await opened(kernel);
    kernel.busy = true;
    kernel.control.set("rectangles", [[0, 1, 0, 1]]);
    kernel.control.set("rectangles", [[0, 4, 0, 3]]);
    await soon(() => expect(mounted.text(".oprs-selected")).toContain("12 runs selected"));
    kernel.free();
    await soon(() => expect(mounted.text(".oprs-selected")).toContain("keywords"));
    expect(mounted.text(".oprs-selected")).toContain("12 runs selected");
    expect(kernel.control.traits.rectangles).toEqual([[0, 4, 0, 3]]);
  });

  test("here is not lost to another view that heard of the one before", async () => {
    const kernel = some();
    const mounted = await opened(kernel);
    const other = await mountOpen(kernel);
    kernel.busy = true;
    const shift = { shiftKey: true };
    entry(mounted, "task_failed").dispatchEvent(new MouseEvent("click", shift));
    kernel.free();
    kernel.busy = true; // the other view has asked about the first selection by now
    await soon(() => expect(other.text(".oprs-selected")).toContain("1 run selected"));
    entry(mounted, "completed").dispatchEvent(new MouseEvent("click", shift));
    kernel.free();
    for (const { text } of [mounted, other])
      await soon(() => expect(text(".oprs-selected")).toContain("33 runs selected"));
    expect(cellsIn(kernel.control.traits.rectangles)).toBe(33);
  });

  test("that was there before the page was loaded is there again", async () => {
    const kernel = some();
    kernel.control.traits.selected = "one";
    kernel.control.traits.rectangles = [[2, 3, 0, 1]];
    const mounted = await opened(kernel);
    await soon(() => expect(mounted.text(".oprs-selected")).toContain("1 run selected"));
  });

  test("whose scores come late is asked about again when they have come", async () => {
    const kernel = some();
    const mounted = await opened(kernel);
    const { select } = kernel.methods;
    kernel.methods.select = (params) => [select(params) && null];
    entry(mounted, "task_failed").dispatchEvent(new MouseEvent("click", { shiftKey: true }));
    await soon(() => expect(selects(kernel)).toHaveLength(1));
    expect(mounted.text(".oprs-selected")).not.toContain("keywords");
    kernel.methods.select = select;
    kernel.changed("view");
    await soon(() => expect(mounted.text(".oprs-selected")).toContain("keywords"));
  });
});

describe("finding items", () => {
  test("a slash leads there, and what is found is counted", async () => {
    const mounted = await opened(some());
    press(mounted.find(".oprs-heatmap"), "/");
    const input = mounted.find(".oprs-items") as HTMLInputElement;
    expect(document.activeElement).toBe(input);
    input.value = "1";
    input.dispatchEvent(new Event("input", { bubbles: true }));
    await soon(() => expect(mounted.text(".oprs-find")).toBe("4 items"));
    press(input, "n"); // a letter there, no command
    expect(mounted.find(".oprs-inspector").dataset.cell).toBeUndefined();
    press(input, "Escape");
    await soon(() => expect(mounted.text(".oprs-find")).toBe(""));
  });

  test("Enter shows the first, as soon as it is known", async () => {
    const mounted = await opened(some());
    const input = mounted.find(".oprs-items") as HTMLInputElement;
    input.focus();
    input.value = "11";
    input.dispatchEvent(new Event("input", { bubbles: true }));
    press(input, "Enter");
    expect(document.activeElement).toBe(mounted.find(".oprs-heatmap"));
    await soon(() => expect(mounted.find(".oprs-inspector").dataset.cell).toBe("30"));
    expect(mounted.text(".oprs-find"), "and it stays marked").toBe("1 item");
  });
});

describe("the keys", () => {
  test("are all told by a question mark, and Escape ends that", async () => {
    const mounted = await opened(some());
    press(mounted.find(".oprs-group"), "?");
    await soon(() => expect(mounted.text(".oprs-keys")).toContain("next, the last trouble"));
    press(mounted.find(".oprs-keys"), "Escape");
    await soon(() => expect(mounted.root.querySelector(".oprs-keys")).toBeNull());
  });
});

test("figures and means as people read them", () => {
  expect([0.25, 12, 0.00312, 1234.5, 1].map(figure)).toEqual(["0.25", "12", "0.0031", "1230", "1"]);
  expect(meanOf({ mean: 0.712, error: 0.0211, n: 1739 })).toBe("0.71 ± 0.02 (n 1,739)");
  expect(meanOf({ mean: 1, error: null, n: 1 })).toBe("1.00 (n 1)");
  expect(meanOf({ mean: null, error: null, n: 0 })).toBe("n 0");
  const of = (mean: number, error: number) => meanOf({ mean, error, n: 9 });
  expect(of(0.000005, 0.00000051), "what hundredths do not show").toBe("0.000005 ± 5.1e-7 (n 9)");
  expect(of(0.5, 0.0041)).toBe("0.50 ± 0.0041 (n 9)");
  expect(of(52602.08, 2752.25)).toBe("52600 ± 2752.25 (n 9)");
  expect(of(1.6e299, 0)).toBe("1.6e+299 ± 0.00 (n 9)");
  expect([-0.257, -769.62, -1e-300].map(figure)).toEqual(["-0.26", "-770", "-1e-300"]);
  expect(figure(1e300 / 3), "whole, but no number of things").toBe("3.33e+299");
  expect(meanOf({ mean: 0.0041, error: 0.0003, n: 12 }, dollars, "item")).toBe(
    "$0.0041 ± $0.0003 (n 12 items)",
  );
  const run = { cell: 1, state: "completed", item: "why", error: null, scores: [] } as const;
  const facts = { ...run, scores: [{ name: "right", value: 1 }] };
  expect(factLines({ ...facts, seconds: 2, cost: 0.0031, tokens: 1204 })).toEqual([
    "completed",
    "why",
    "\u2068right\u2069 1 · 2.0 s", // isolated: a number after an Arabic name would be drawn before it
    "1,204 tokens · $0.0031",
  ]);
  expect(factLines({ ...run, scores: [], seconds: null, cost: null, tokens: null })).toEqual([
    "completed",
    "why",
  ]);
});
