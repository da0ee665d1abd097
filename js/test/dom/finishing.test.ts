import { describe, expect, test, vi } from "vitest";
import { byte, experiment, FakeKernel, offering, view } from "../../dev/fake";
import type { Plan } from "../../src/protocol";
import { mountOpen } from "./mount";

const soon = vi.waitFor;
const half = () => experiment("half", "gpt-5-mini", 3, 2, Uint8Array.of(3, 3, 0, 5, 3, 4));
const other = () => experiment("other", "claude", 3, 2, Uint8Array.of(3, 3, 3, 3, 3, 3));

function press(element: Element | null, key: string): void {
  element?.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true }));
}

async function open(kernel = new FakeKernel([half(), other()])) {
  const mounted = await mountOpen(kernel);
  const asked = (method: string) => kernel.control.sent.filter((each) => each.method === method);
  const items = () => [...mounted.root.querySelectorAll<HTMLElement>("[role^=menuitem]")];
  const menu = async () => {
    mounted.button("arrow").click();
    await soon(() => expect(items().length).toBeGreaterThan(0));
  };
  const choose = async (name: string) => {
    await menu();
    items()
      .find((each) => each.textContent?.startsWith(name.toLowerCase()))
      ?.click();
  };
  return { ...mounted, kernel, asked, items, menu, choose };
}

describe("what Resume takes", () => {
  test("is chosen in a menu, asked from the kernel, said by the button, and that plan is run", async () => {
    const { asked, choose, text, button, items } = await open();
    await choose("Only failed");
    expect(items()).toHaveLength(0);
    expect(document.activeElement).toBe(button("arrow"));
    await soon(() => expect(button("resume").textContent).toBe("▸ Resume 1 run"));
    expect(asked("plan").at(-1)?.params.only).toBe("failed");
    expect(text(".oprs-plan")).toContain("only failed: 1 run · about");
    button("resume").click();
    await soon(() => expect(asked("resume")).toHaveLength(1));
    expect(asked("resume")[0].params.plan).toBe('plan-half-"failed"');
  });

  test("goes on until complete if that is switched on, and says so", async () => {
    const { choose, asked, text, button, items, menu } = await open();
    await choose("Until complete");
    await soon(() => expect(text(".oprs-scope")).toBe("until complete: "));
    await choose("Only failed");
    await soon(() => expect(text(".oprs-scope")).toBe("only failed, until complete: "));
    await menu();
    expect(items().at(-1)?.getAttribute("aria-checked")).toBe("true");
    await soon(() => expect(button("resume").disabled).toBe(false));
    button("resume").click();
    await soon(() => expect(asked("resume")[0]?.params.until_complete).toBe(true));
  });

  test("cannot be pressed while its plan is on its way: never another one than was chosen", async () => {
    const { kernel, choose, button, asked } = await open();
    kernel.busy = true;
    await choose("Only failed");
    await soon(() => expect(button("resume").disabled).toBe(true));
    button("resume").click();
    expect(asked("resume")).toHaveLength(0);
    await soon(() => expect(asked("plan").at(-1)?.params.only).toBe("failed"));
    kernel.free();
    await soon(() => expect(button("resume").disabled).toBe(false));
  });

  test("the menu goes by arrows, Home, End and Escape, and says what there is none of", async () => {
    const { items, button } = await open();
    press(button("arrow"), "ArrowDown");
    await soon(() => expect(document.activeElement).toBe(items()[0]));
    expect(items()[0].getAttribute("aria-checked")).toBe("true");
    press(document.activeElement, "ArrowDown");
    expect(document.activeElement?.textContent).toBe("only failed1");
    press(document.activeElement, "End");
    expect(document.activeElement?.textContent).toBe("until complete");
    press(document.activeElement, "ArrowDown");
    expect(document.activeElement).toBe(items()[0]);
    const none = items().filter((each) => each.getAttribute("aria-disabled") === "true");
    expect(none.map((each) => each.textContent)).toEqual([
      "only one failure group0",
      "the selection0",
      "one run0",
    ]);
    none[0].click();
    expect(items().length).toBeGreaterThan(0);
    press(document.activeElement, "Escape");
    await soon(() => expect(items()).toHaveLength(0));
    expect(document.activeElement).toBe(button("arrow"));
  });

  test("a chosen group of failures is what Resume takes, and no more once it is not chosen", async () => {
    const { root, find, asked, text } = await open();
    await soon(() => find(".oprs-group"));
    find(".oprs-group").click();
    const only = () => asked("plan").at(-1)?.params.only as { groups: string } | null;
    await soon(() =>
      expect(only()?.groups).toBe("TimeoutError: request <id> timed out after <number> s"),
    );
    await soon(() => expect(text(".oprs-scope")).toContain("only TimeoutError"));
    find(".oprs-group").click();
    await soon(() => expect(only()).toBeNull());
    await soon(() => expect(root.querySelector(".oprs-scope")).toBeNull());
  });

  test("a selection, one run, one trial", async () => {
    const { kernel, choose, asked, find, text } = await open();
    kernel.control.set("rectangles", [[0, 2, 1, 2]]);
    await choose("The selection2");
    const only = () => asked("plan").at(-1)?.params.only;
    await soon(() => expect(only()).toEqual({ runs: [[0, 2, 1, 2]] }));
    kernel.control.set("rectangles", [[1, 2, 1, 2]]);
    await soon(() => expect(only()).toEqual({ runs: [[1, 2, 1, 2]] }));
    kernel.control.set("rectangles", []);
    await soon(() => expect(only()).toBeNull());
    press(find(".oprs-heatmap"), "n");
    await soon(() => find(".oprs-inspector[data-cell]"));
    await soon(() => find("[role=tab]"));
    await choose("item");
    await soon(() =>
      expect(only()).toMatchObject({ cells: [[expect.any(String), expect.any(Number)]] }),
    );
    await soon(() => expect(text(".oprs-scope")).toContain("item"));
    await choose("Trial");
    await soon(() => expect(only()).toMatchObject({ trials: expect.any(Number) }));
  });

  test("another experiment, and the end of a run, begin with everything", async () => {
    const { kernel, choose, find, text, asked, root } = await open();
    await choose("Only missing scores");
    await soon(() => expect(text(".oprs-scope")).toContain("only missing scores"));
    kernel.patch([5], [byte("running")], { active: true });
    await soon(() => expect(root.dataset.active).toBe("true"));
    kernel.patch([5], [byte("completed", true)], { active: false, outcome: "finished" });
    await soon(() => expect(asked("plan").at(-1)?.params.only).toBeNull());
    await choose("Only failed");
    await soon(() => expect(text(".oprs-scope")).toContain("only failed"));
    find(".oprs-row[data-id=other]").click();
    await soon(() => expect(root.dataset.experiment).toBe("other"));
    await soon(() => expect(root.querySelector(".oprs-scope")).toBeNull());
  });
});

describe("the plan bar", () => {
  const bounds = (root: HTMLElement) =>
    [...root.querySelectorAll<HTMLElement>(".oprs-plan .oprs-field")].find((each) =>
      each.textContent?.includes("thread"),
    );

  test("threads and stop rules are edited, and asked for", async () => {
    const { root, asked } = await open();
    expect(bounds(root)?.textContent).toBe("16 threads");
    bounds(root)?.click();
    await soon(() => expect(root.querySelectorAll(".oprs-figure")).toHaveLength(4));
    const [threads, runs] = [...root.querySelectorAll<HTMLInputElement>(".oprs-figure")];
    const type = (input: HTMLInputElement, text: string) => {
      input.value = text;
      input.dispatchEvent(new Event("change", { bubbles: true }));
    };
    type(threads, "4");
    await soon(() => expect(asked("plan").at(-1)?.params.threads).toBe(4));
    type(runs, "10");
    await soon(() => expect(bounds(root)?.textContent).toBe("4 threads, at most 10 runs"));
    expect(root.querySelectorAll(".oprs-figure"), "it stays open").toHaveLength(4);
    runs.focus();
    runs.value = "25"; // not told yet, when a new plan is
    type(threads, "5");
    await soon(() => expect(bounds(root)?.textContent).toBe("5 threads, at most 10 runs"));
    expect(runs.value).toBe("25");
    type(threads, "4");
    await soon(() => expect(bounds(root)?.textContent).toBe("4 threads, at most 10 runs"));
    type(runs, "-3");
    type(runs, "2.5");
    type(runs, "");
    await soon(() => expect(bounds(root)?.textContent).toBe("4 threads"));
    expect(asked("plan").at(-1)?.params.limits).toMatchObject({ max_runs: null });
  });

  test("what cannot be meant is not asked for, and put back", async () => {
    const { root, asked, button } = await open();
    bounds(root)?.click();
    await soon(() => expect(root.querySelectorAll(".oprs-figure")).toHaveLength(4));
    const [threads, runs, seconds] = [...root.querySelectorAll<HTMLInputElement>(".oprs-figure")];
    const before = asked("plan").length;
    for (const [input, wrong, was] of [
      [threads, "5000", "16"],
      [threads, "0", "16"],
      [runs, "2.5", ""],
      [seconds, "0", ""],
    ] as const) {
      input.focus();
      input.value = wrong;
      input.dispatchEvent(new Event("change", { bubbles: true }));
      input.blur();
      expect(input.value).toBe(was);
    }
    expect(button("resume").disabled).toBe(false);
    expect(asked("plan")).toHaveLength(before);
  });

  test("a bound on costs is offered where runs tell what they cost", async () => {
    const made = half();
    made.plan = { ...made.plan, priced: true, cost: [0.2, 0.35] };
    const { root, text } = await open(new FakeKernel([made]));
    expect(text(".oprs-plan")).toContain("about $0.20 to $0.35");
    bounds(root)?.click();
    await soon(() => expect(text(".oprs-options")).toContain("US dollars"));
  });

  test("what has changed is shown as a diff, which is text", async () => {
    const made = half();
    made.plan = { ...made.plan, drift: "answer has changed", differs: true };
    const { root, find } = await open(new FakeKernel([made]));
    find(".oprs-drift .oprs-field").click();
    await soon(() => expect(root.querySelector(".oprs-new")).not.toBeNull());
    expect(find(".oprs-changes").textContent).toContain("+    return <b>b</b>");
    expect(root.querySelector(".oprs-changes b")).toBeNull();
    press(find(".oprs-changes"), "Escape");
    await soon(() => expect(root.querySelector(".oprs-changes")).toBeNull());
  });

  test("no metric means no scores, which is said", async () => {
    const made = offering(half(), ["answer"], [{ variable: "words", name: "words" }]);
    const plan: Plan = { ...made.plan, chosen: { task: "answer", metrics: [] }, obstacle: null };
    const { text } = await open(new FakeKernel([{ ...made, plan }]));
    expect(text(".oprs-plan")).toContain("without metrics, runs are made and not scored");
  });
});

describe("what runs in another process", () => {
  test("is asked to stop, and its plan is what the kernel says then", async () => {
    const made = half();
    const { kernel, button, asked } = await open(new FakeKernel([made]));
    expect(button("stop").disabled).toBe(true);
    made.head.state = "running";
    kernel.key();
    await soon(() => expect(button("stop").textContent).toBe("■ Stop there"));
    button("stop").click();
    await soon(() => expect(asked("stop")).toHaveLength(1));
    await soon(() => expect(button("stop").disabled).toBe(false));
    made.head.state = "resumable";
    kernel.key();
    await soon(() => expect(button("stop").textContent).toBe("■ Stop"));
    expect(button("stop").disabled).toBe(true);
  });
});

describe("the end", () => {
  const summary = { kept: 4, replayed: 1, repaired: 1, missing: 0, cost: 0.08 };

  test("is summed up", async () => {
    const { kernel, text } = await open();
    kernel.patch([2], [byte("running")], { active: true });
    kernel.patch([2], [byte("completed", true)], {
      active: false,
      outcome: "finished",
      done: 2,
      total: 2,
      summary,
    });
    await soon(() =>
      expect(text(".oprs-status")).toBe(
        "finished: 4 kept, 1 replayed, 1 repaired, nothing missing · $0.08",
      ),
    );
  });

  test("is told by a notification, to who asked for it and does not look", async () => {
    const told: string[] = [];
    const requestPermission = vi.fn(async () => "granted");
    const Told = Object.assign(
      function (this: object, title: string, { body }: { body: string }) {
        told.push(`${title}: ${body}`);
      },
      { permission: "granted", requestPermission },
    );
    vi.stubGlobal("Notification", Told);
    const hidden = vi.spyOn(document, "hidden", "get").mockReturnValue(true);
    const { kernel, root } = await open();
    const run = async () => {
      kernel.patch([2], [byte("running")], { active: true, outcome: null });
      await soon(() => expect(root.dataset.active).toBe("true"));
    };
    const end = async () => {
      kernel.patch([2], [byte("completed")], { active: false, outcome: "finished", summary });
      await soon(() => expect(root.dataset.active).toBe("false"));
    };
    await run();
    await end();
    expect(told).toEqual([]);
    expect(requestPermission).not.toHaveBeenCalled();
    await run();
    await soon(() => expect(root.querySelector(".oprs-status button")).not.toBeNull());
    root.querySelector<HTMLElement>(".oprs-status button")?.click();
    await soon(() => expect(root.querySelector("[aria-pressed=true].oprs-fold")).not.toBeNull());
    await end();
    expect(told).toEqual([
      "gpt-5-mini: finished: 4 kept, 1 replayed, 1 repaired, nothing missing · $0.08",
    ]);
    hidden.mockReturnValue(false);
    await run();
    await end();
    expect(told).toHaveLength(1);
    vi.unstubAllGlobals();
    hidden.mockRestore();
  });
});

describe("against another experiment of the dataset", () => {
  async function against() {
    const mounted = await open();
    const { root } = mounted;
    const select = (label: string) =>
      [...root.querySelectorAll<HTMLLabelElement>(".oprs-seeing label")]
        .find((each) => each.textContent?.startsWith(label))
        ?.querySelector("select") as HTMLSelectElement;
    const options = (label: string) => [...select(label).options].map((each) => each.textContent);
    const pick = (label: string, value: string) => {
      select(label).value = value;
      select(label).dispatchEvent(new Event("change", { bubbles: true }));
    };
    root.querySelector<HTMLElement>(".oprs-seeing select")?.focus();
    await soon(() => expect(options("Colour by")).toContain("against claude"), 5000);
    return { ...mounted, options, pick };
  }

  test("cells are coloured by verdicts, items sorted by change, means said with their difference", async () => {
    const { pick, asked, text, options, kernel, root } = await against();
    expect(options("Sort by")).not.toContain("change, worst first");
    pick("Colour by", "score:words");
    pick("Colour by", "beside:other");
    await soon(() => expect(text(".oprs-scale")).toContain("better 41"));
    expect(asked("compare").at(-1)?.params).toEqual({
      experiment: "half",
      other: "other",
      by: "score:words",
    });
    expect(text(".oprs-scale")).toContain("same 187");
    expect(text(".oprs-scale")).toContain("words 0.74 against 0.71: +0.03 ± 0.01 (n 240 items)");
    pick("Sort by", "change");
    expect(asked("order").some(({ params }) => params.by === "change")).toBe(false);
    pick("Colour by", "state");
    await soon(() => expect(options("Sort by")).not.toContain("change, worst first"));
    kernel.methods.compare = () => {
      throw new Error("claude is of the dataset b, not of a.");
    };
    pick("Colour by", "beside:other");
    await soon(() => expect(asked("compare")).toHaveLength(2));
    expect(root.querySelector(".oprs-verdict")).toBeNull();
  });

  test("another score of both is compared on request, without losing the focus, and remembered", async () => {
    const { pick, asked, find, text, kernel } = await against();
    pick("Colour by", "score:words");
    pick("Colour by", "beside:other");
    await soon(() => expect(text(".oprs-scale")).toContain("better 41"));
    const by = find(".oprs-scale select") as HTMLSelectElement;
    expect([by.value, by.ariaLabel ?? by.getAttribute("aria-label")]).toEqual([
      "score:words",
      "Compare by",
    ]);
    by.focus();
    by.value = "score:keywords";
    by.dispatchEvent(new Event("change", { bubbles: true }));
    await soon(() => expect(asked("compare").at(-1)?.params.by).toBe("score:keywords"));
    await soon(() => expect(by.value).toBe("score:keywords"));
    expect(document.activeElement).toBe(by);
    expect((find(".oprs-seeing select") as HTMLSelectElement).value).toBe("beside:other");
    const colour = "beside:other score:keywords";
    await soon(() => expect(kernel.control.traits.memory.colour).toBe(colour), 3000);
  });

  test("a click on a verdict selects its items, with Shift those of others, too", async () => {
    const { pick, kernel, root, asked } = await against();
    const answer = kernel.methods.compare;
    kernel.methods.compare = (params) => {
      const [result, cells] = answer(params);
      const counts = { worse: 1, same: 0, better: 1 };
      return [{ ...(result as object), ...counts }, cells, view(Uint32Array.of(2, 0, 1))];
    };
    pick("Colour by", "beside:other");
    const verdict = (name: string) =>
      [...root.querySelectorAll<HTMLElement>(".oprs-scale button")].find((each) =>
        each.textContent?.startsWith(name),
      );
    await soon(() => expect(verdict("worse")?.textContent).toBe("worse 1"));
    verdict("worse")?.click();
    await soon(() => expect(asked("select").at(-1)?.params.runs).toEqual([[2, 3, 0, 2]]));
    verdict("better")?.dispatchEvent(new MouseEvent("click", { shiftKey: true, bubbles: true }));
    await soon(() =>
      expect(asked("select").at(-1)?.params.runs).toEqual([
        [0, 1, 0, 2],
        [2, 3, 0, 2],
      ]),
    );
    verdict("same")?.click();
    await soon(() => expect(root.querySelector(".oprs-selected")).toBeNull());
  });

  test("the inspector shows both outputs, as text", async () => {
    const { pick, asked, find, text, kernel, root } = await against();
    const look = kernel.methods.beside;
    kernel.methods.beside = (params) => {
      const [{ run }] = look(params) as [{ run: object }];
      return [{ run: { ...run, output: { answer: "<img src=x onerror=alert(1)>" } } }];
    };
    pick("Colour by", "beside:other");
    press(find(".oprs-heatmap"), "Enter");
    await soon(() => find(".oprs-beside"));
    expect(asked("beside")[0].params).toEqual({ experiment: "half", other: "other", cell: 0 });
    expect(text(".oprs-beside")).toContain("claude: completed");
    expect(text(".oprs-beside")).toContain("<img src=x onerror=alert(1)>");
    expect(root.querySelector(".oprs-beside img")).toBeNull();
    kernel.methods.beside = () => [{ run: null }];
    pick("Colour by", "state");
    await soon(() => expect(root.querySelector(".oprs-beside")).toBeNull());
    pick("Colour by", "beside:other");
    await soon(() => expect(text(".oprs-beside")).toContain("claude: never run"));
  });
});
