import { afterEach, describe, expect, test, vi } from "vitest";
import { experiment, FakeKernel } from "../../dev/fake";
import type { Cell, CellError } from "../../src/protocol";
import { mountOpen } from "./mount";

const soon = vi.waitFor;
const states = () => Uint8Array.of(3, 3, 0, 5, 3, 4);
afterEach(() => localStorage.clear());

/** Opened on the failed cell, with what the kernel tells of it changed. */
async function inspected(change: Partial<Cell> = {}, tab?: string) {
  const kernel = new FakeKernel([experiment("half", "gpt-5-mini", 3, 2, states())]);
  const look = kernel.methods.cell;
  kernel.methods.cell = (params) => [{ ...(look(params)[0] as Cell), ...change }];
  const mounted = await mountOpen(kernel);
  const { root, find } = mounted;
  const key = (target: Element, name: string) =>
    target.dispatchEvent(
      new KeyboardEvent("keydown", { key: name, bubbles: true, cancelable: true }),
    );
  await soon(() => expect(root.querySelector("[role=gridcell]")).toBeTruthy());
  key(find(".oprs-heatmap"), "n");
  key(find(".oprs-heatmap"), "Enter");
  await soon(() => find("[role=tab]"));
  const open = async (name: string) => {
    const found = [...root.querySelectorAll<HTMLElement>("[role=tab]")].find(
      (each) => each.textContent === name,
    );
    found?.click();
    await soon(() => expect(found?.getAttribute("aria-selected")).toBe("true"));
  };
  if (tab) await open(tab);
  return { ...mounted, kernel, key, open };
}

const frame = (place: string) => ({ place, name: "run", code: "call()\n" });
const failed = (stack: CellError["stack"]): CellError => ({
  type: "KeyError",
  message: "x",
  traceback: "Traceback: raw",
  stack,
});

describe("a traceback", () => {
  test("has the user's frames open and those of a package folded, as text", async () => {
    const error = failed([
      { package: null, frames: [frame("cell [4], line 9")] },
      { package: "openai", frames: [1, 2, 3, 4, 5].map((n) => frame(`<b>.py, line ${n}`)) },
      { text: "During handling of the above exception, another exception occurred:" },
      { package: null, frames: [frame("cell [5], line 1")] },
    ]);
    const { root, find, text } = await inspected({ error });
    expect(text(".oprs-traceback > ol")).toContain("cell [4], line 9 in run");
    expect(text(".oprs-traceback summary")).toBe("5 more frames in openai");
    expect((find(".oprs-traceback details") as HTMLDetailsElement).open).toBe(false);
    expect(text(".oprs-traceback")).toContain("During handling");
    expect(root.querySelector(".oprs-traceback b")).toBeNull();
    expect(text(".oprs-panel").match(/KeyError: x/g)).toHaveLength(1);
  });

  test("that could not be read is shown as it is", async () => {
    const { text } = await inspected({ error: failed([{ text: "one" }]) });
    expect(text(".oprs-traceback")).toBe("Traceback: raw");
  });

  test("of nothing but a package is not folded away", async () => {
    const error = failed([{ package: "openai", frames: [frame("a.py, line 1")] }]);
    const { root } = await inspected({ error });
    expect(root.querySelector(".oprs-traceback details")).toBeNull();
  });
});

describe("a long text", () => {
  test("is its beginning and its size until it is unfolded", async () => {
    const { find, text } = await inspected({ item: { text: "x".repeat(205_000) } }, "Item");
    expect(text(".oprs-panel .oprs-fold")).toBe("204,400 more characters");
    expect(text(".oprs-panel pre").length).toBeLessThan(700);
    find(".oprs-panel .oprs-fold").click();
    await soon(() => expect(text(".oprs-long")).toContain("105,000 more characters"));
    expect(find(".oprs-panel .oprs-fold").getAttribute("aria-expanded")).toBe("true");
  });

  test("of many lines, too; and an error line and a reason", async () => {
    const lines = Array.from({ length: 1000 }, (_, n) => `line ${n}`).join("\n");
    const error = { ...failed([]), message: lines };
    const scores = [{ name: "judge", value: 1, reason: lines, failed: false }];
    const { text, open } = await inspected({ error, scores });
    expect(text(".oprs-error-line pre").split("\n")).toHaveLength(24);
    await open("Scores");
    expect(text(".oprs-scores td pre").split("\n")).toHaveLength(24);
  });
});

describe("a JSON value", () => {
  const deep = {
    a: { list: Array.from({ length: 300 }, (_, n) => ({ n, text: "y".repeat(90) })) },
  };

  test("is a tree: what is deep or long is made when it is opened", async () => {
    const { root, find, text } = await inspected({ item: deep }, "Item");
    expect(text(".oprs-panel details summary")).toBe("1 key");
    const list = find(".oprs-panel details details") as HTMLDetailsElement;
    expect(list.textContent).toBe("300 elements");
    expect(root.textContent).not.toContain("yyy");
    list.open = true;
    list.dispatchEvent(new Event("toggle"));
    await soon(() => expect(list.querySelectorAll(":scope > dl > div")).toHaveLength(100));
    expect(list.querySelector(":scope > .oprs-fold:not(summary)")?.textContent).toBe("200 more");
  });
});

describe("the output", () => {
  test("is compared with what the item expects", async () => {
    const change = { item: { reference: "a red fox" }, output: { output: "a <b>blue</b> fox" } };
    const { root, text } = await inspected({ ...change, error: null }, "Output");
    expect(text(".oprs-against")).toContain("output against the item's reference");
    expect(text(".oprs-diff del")).toContain("red");
    expect(root.querySelector(".oprs-diff b")).toBeNull();
    expect(text(".oprs-diff")).toContain("<");
  });

  test("that is as expected says so", async () => {
    const change = { item: { reference: "a" }, output: { output: "a" }, error: null };
    expect((await inspected(change, "Output")).text(".oprs-against")).toMatch(/: the same$/);
  });
});

describe("prints and attempts", () => {
  test("are tabs of their own", async () => {
    const { text, open } = await inspected({ prints: "asking <i>\nagain\n" }, "Prints");
    expect(text(".oprs-panel")).toBe("asking <i>\nagain\n");
    await open("Attempts");
    expect(text(".oprs-panel tbody tr")).toMatch(/^2 showntask failed1 min ago1.9 sRateLimitError/);
    expect(text(".oprs-panel tbody tr:last-child")).toMatch(/^1interrupted2 h ago–$/);
  });

  test("are asked again when a run has ended and the plan is new", async () => {
    const { kernel } = await inspected();
    const asked = () => kernel.control.sent.filter(({ method }) => method === "cell").length;
    const before = asked();
    kernel.patch([], [], { active: true });
    kernel.patch([], [], { active: false, outcome: "finished" });
    await soon(() => expect(asked()).toBe(before + 1), { timeout: 3000 });
  });

  test("say that there are none", async () => {
    const { text, open } = await inspected({ prints: null, history: [], attempts: 0 }, "Prints");
    expect(text(".oprs-panel")).toBe("It printed nothing.");
    await open("Attempts");
    expect(text(".oprs-panel")).toBe("It was never started.");
  });
});

describe("its tools", () => {
  test("copy all that a tab has", async () => {
    const written: string[] = [];
    vi.spyOn(navigator.clipboard, "writeText").mockImplementation(async (text) => {
      written.push(text);
    });
    const { find, text, open } = await inspected();
    find(".oprs-copy").click();
    await soon(() => expect(text(".oprs-copy")).toBe("copied"));
    await open("Item");
    find(".oprs-copy").click();
    await soon(() => expect(written).toHaveLength(2));
    expect(written[0]).toMatch(/^Traceback \(most recent/);
    expect(JSON.parse(written[1]).keywords).toEqual(["lighthouse", "sea"]);
  });

  test("put the item in the notebook and name its variable", async () => {
    const { find, text, kernel } = await inspected({}, "Item");
    find(".oprs-keep").click();
    await soon(() => expect(text(".oprs-keep")).toBe("in the notebook as item_1"));
    expect(kernel.control.sent.at(-1)).toMatchObject({
      method: "keep",
      params: { experiment: "half", cell: 3 },
    });
  });
});

describe("its height", () => {
  const height = (find: (selector: string) => HTMLElement) =>
    find(".oprs-inspection").style.getPropertyValue("--oprs-height");

  test("is moved by keys and remembered", async () => {
    const { find, key } = await inspected();
    expect(height(find)).toBe("216px");
    key(find(".oprs-splitter"), "ArrowUp");
    await soon(() => expect(height(find)).toBe("240px"));
    expect(find(".oprs-splitter").getAttribute("aria-valuenow")).toBe("240");
    key(find(".oprs-splitter"), "End");
    await soon(() => expect(height(find)).toBe("120px"));
    document.body.replaceChildren();
    const again = await inspected();
    expect(height(again.find)).toBe("120px");
  });

  test("is dragged", async () => {
    const { find } = await inspected();
    const handle = find(".oprs-splitter");
    handle.setPointerCapture = () => {};
    handle.dispatchEvent(new PointerEvent("pointerdown", { clientY: 300, bubbles: true }));
    handle.dispatchEvent(new PointerEvent("pointermove", { clientY: 250 }));
    await soon(() => expect(height(find)).toBe("266px"));
    handle.dispatchEvent(new PointerEvent("lostpointercapture"));
    handle.dispatchEvent(new PointerEvent("pointermove", { clientY: 100 }));
    expect(height(find)).toBe("266px");
  });
});
