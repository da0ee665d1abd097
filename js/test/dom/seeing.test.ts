import { describe, expect, test, vi } from "vitest";
import { byte, experiment, FakeKernel } from "../../dev/fake";
import { figure, meanOf } from "../../src/words";
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
    expect(names).toEqual(["state", "keywords", "words", "duration", "attempts"]);
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
});
