import { describe, expect, test, vi } from "vitest";
import { byte, experiment, FakeKernel, offering } from "../../dev/fake";
import type { Cell, Details, Group } from "../../src/protocol";
import { mount, mountOpen } from "./mount";

const states = () => Uint8Array.of(3, 3, 0, 5, 3, 4);
const half = () => experiment("half", "gpt-5-mini", 3, 2, states());
const done = () => experiment("done", "smoke", 2, 1, Uint8Array.of(3, 3));
const browser = () => new FakeKernel([half(), done()]);
const soon = vi.waitFor;

describe("before the kernel answers", () => {
  test("the buttons are off and say so", async () => {
    const kernel = browser();
    kernel.busy = true;
    const { root, button } = await mount(kernel);
    expect(root.dataset.ready).toBe("false");
    expect(button("resume").textContent).toBe("waiting for the kernel");
    expect(button("resume").disabled).toBe(true);
    expect(button("stop").disabled).toBe(true);
    expect(button("stop").title).toBe("waiting for the kernel");
  });

  test("a long wait is said quietly, not as an error", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "Date"] });
    const kernel = browser();
    kernel.busy = true;
    const { root } = await mount(kernel);
    await vi.advanceTimersByTimeAsync(4000);
    vi.useRealTimers();
    await soon(() => expect(root.textContent).toContain("the kernel is busy"));
    expect(root.querySelector("[role=alert]")).toBeNull();
  });
});

describe("browser mode", () => {
  test("lists the experiments and opens the first resumable one", async () => {
    const { root, find, text } = await mountOpen(browser());
    await soon(() => expect(root.querySelectorAll(".oprs-row")).toHaveLength(2));
    const row = find(".oprs-row[data-id=half]");
    expect(row.textContent).toBe(
      "gpt-5-mini4/6ifbench v3resumable, 1 failedkeywords 0.39 ± 0.02 (n 4) · words 0.26 ± 0.02 (n 3)",
    );
    expect(row.getAttribute("aria-current")).toBe("true");
    expect(root.dataset.experiment).toBe("half");
    expect(text(".oprs-header .oprs-title")).toBe(
      "gpt-5-miniifbench v3 · 3 items × 2 trials · 2 h ago",
    );
  });

  test("says what Resume will do", async () => {
    const { text, button } = await mountOpen(browser());
    expect(text(".oprs-plan")).toBe(
      "2 runs, 1 score · about 2 s at 16 threads · task answer · metrics keywords, words",
    );
    expect(button("resume").textContent).toBe("▸ Resume 2 runs and score 1");
    expect(button("resume").disabled).toBe(false);
    expect(button("stop").disabled).toBe(true);
  });

  test("names every state with its count", async () => {
    const { text } = await mountOpen(browser());
    const counts = {
      completed: "3",
      replayed: "0",
      task_failed: "1",
      scores_missing: "1",
      never_run: "1",
    };
    for (const [state, count] of Object.entries(counts)) {
      expect(text(`.oprs-legend [data-state=${state}] .oprs-count`)).toBe(count);
    }
  });

  test("a complete experiment leaves nothing to press", async () => {
    const { find, button } = await mountOpen(browser());
    await soon(() => find(".oprs-row[data-id=done]"));
    find(".oprs-row[data-id=done]").click();
    await soon(() => expect(button("resume").textContent).toBe("Complete"));
    expect(button("resume").disabled).toBe(true);
  });

  test("an obstacle is said, and Resume is off", async () => {
    const blocked = half();
    blocked.plan = { ...blocked.plan, obstacle: "Define a task named answer first." };
    const { text, button } = await mountOpen(new FakeKernel([blocked]));
    expect(text(".oprs-plan .oprs-obstacle")).toBe("Define a task named answer first.");
    expect(text(".oprs-plan")).toContain("2 runs, 1 score");
    expect(button("resume").disabled).toBe(true);
  });

  test("what the store could not tell is said in the head", async () => {
    const made = half();
    made.head.note = "This server cannot be asked which scores failed.";
    const { text } = await mountOpen(new FakeKernel([made]));
    expect(text(".oprs-note")).toBe(made.head.note);
    const { root } = await mountOpen(browser());
    expect(root.querySelector(".oprs-note")).toBeNull();
  });

  test("metrics that are not given are said, and a tick says that it is meant", async () => {
    const made = half();
    const drift = "co was scored on the kept runs and is not given";
    made.plan = { ...made.plan, drift };
    const kernel = new FakeKernel([made]);
    const { find, text, button } = await mountOpen(kernel);
    expect(text(".oprs-plan .oprs-drift")).toContain(drift);
    expect(button("resume").disabled).toBe(false);
    const asked = () => kernel.control.sent.filter(({ method }) => method === "resume").at(-1);
    button("resume").click();
    await soon(() => expect(asked()?.params.on_drift).toBe("warn"));
    kernel.changed();
    await soon(() => expect(button("resume").disabled).toBe(false));
    find(".oprs-drift input").click();
    await soon(() => expect((find(".oprs-drift input") as HTMLInputElement).checked).toBe(true));
    button("resume").click();
    await soon(() => expect(asked()?.params.on_drift).toBe("ignore"));
    kernel.changed();
    await soon(() => expect((find(".oprs-drift input") as HTMLInputElement).checked).toBe(false));
  });

  test("an empty store says how to start", async () => {
    const { root } = await mount(new FakeKernel([]));
    await soon(() =>
      expect(root.textContent).toContain("There are no experiments in local store yet."),
    );
    expect(root.textContent).toContain("evaluate(");
    expect(root.querySelector("button")).toBeNull();
  });

  test("an experiment that is gone is said near its buttons", async () => {
    const { find } = await mount(new FakeKernel([half()], { selected: "gone" }));
    await soon(() => expect(find("[role=alert]").textContent).toBe("There is no experiment gone."));
  });
});

describe("the chooser", () => {
  const metrics = [
    { variable: "keywords", name: "keywords" },
    { variable: "judge", name: "g_eval" },
    { variable: "extra", name: "extra" },
  ];
  const offers = () => new FakeKernel([offering(half(), ["answer", "other"], metrics)]);
  const press = (target: HTMLElement, key: string) =>
    target.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true }));

  test("is not there when task and metrics are settled", async () => {
    const { root } = await mountOpen(browser());
    expect(root.querySelector(".oprs-plan :is(select, .oprs-metrics)")).toBeNull();
  });

  test("offers what the notebook has, and asks for a task before anything can be run", async () => {
    const { root, find, button } = await mountOpen(offers());
    const select = find(".oprs-choice select") as HTMLSelectElement;
    expect([...select.options].map((option) => option.value)).toEqual(["", "answer", "other"]);
    expect(select.closest("label")?.textContent).toMatch(/^task /);
    expect(select.classList).toContain("oprs-asking");
    expect(root.querySelector(".oprs-obstacle")).toBeNull();
    expect(button("resume").disabled).toBe(true);
    select.value = "answer";
    select.dispatchEvent(new Event("change", { bubbles: true }));
    await soon(() => expect(button("resume").disabled).toBe(false));
    expect(select.classList).not.toContain("oprs-asking");
  });

  test("metrics are checked and unchecked by name, and Escape closes their list", async () => {
    const kernel = offers();
    const { root, find, text } = await mountOpen(kernel);
    expect(text(".oprs-metrics .oprs-field")).toBe("keywords, judge");
    find(".oprs-metrics .oprs-field").click();
    await soon(() => find(".oprs-option"));
    const labels = [...root.querySelectorAll(".oprs-option")].map((each) => each.textContent);
    expect(labels).toEqual(["keywords", "judgeg_eval", "extra"]);
    const boxes = () => [...root.querySelectorAll<HTMLInputElement>(".oprs-option input")];
    expect(boxes().map((box) => box.checked)).toEqual([true, true, false]);
    boxes()[0].click();
    await soon(() => expect(text(".oprs-metrics .oprs-field")).toBe("judge"));
    boxes()[2].click();
    await soon(() => expect(text(".oprs-metrics .oprs-field")).toBe("judge, extra"));
    expect(kernel.control.sent.at(-1)?.params.metrics).toEqual(["judge", "extra"]);
    press(boxes()[2], "Escape");
    await soon(() => expect(root.querySelector(".oprs-option")).toBeNull());
    expect(find(".oprs-metrics .oprs-field").getAttribute("aria-expanded")).toBe("false");
    expect(document.activeElement).toBe(find(".oprs-metrics .oprs-field"));
  });

  test("another obstacle is still said", async () => {
    const made = offering(half(), ["answer"], []);
    made.plan.obstacle = "Another process is running it.";
    const { text } = await mountOpen(new FakeKernel([made]));
    expect(text(".oprs-obstacle")).toBe("Another process is running it.");
  });

  test("while it runs, names are words", async () => {
    const kernel = offers();
    const { root, text } = await mountOpen(kernel);
    kernel.patch([2], [byte("running")], { active: true });
    await soon(() => expect(root.querySelector(".oprs-plan :is(select, .oprs-pop)")).toBeNull());
    expect(text(".oprs-plan")).toBe("metrics keywords, judge");
  });
});

describe("a resume", () => {
  test("is started, followed and stopped", async () => {
    const kernel = browser();
    const { root, text, button } = await mountOpen(kernel);
    button("resume").click();
    await soon(() => expect(button("resume").textContent).toBe("starting…"));
    kernel.patch([2], [byte("running")], {
      active: true,
      done: 1,
      total: 2,
      rate: 12.4,
      seconds_left: 8,
    });
    await soon(() => expect(text(".oprs-status")).toBe("1 of 2 · 12.4 runs/s · about 8 s left"));
    expect(root.dataset.active).toBe("true");
    expect(button("resume").disabled).toBe(true);
    expect(button("stop").disabled).toBe(false);
    button("stop").click();
    await soon(() => expect(button("stop").textContent).toBe("stopping…"));
    kernel.patch([2], [byte("interrupted")], { active: false, outcome: "stopped" });
    await soon(() => expect(text(".oprs-status")).toBe("stopped: 1 of 2"));
    expect(root.dataset.outcome).toBe("stopped");
    expect(button("stop").disabled).toBe(true);
  });

  test("that cannot start is said in one sentence", async () => {
    const kernel = browser();
    kernel.methods.resume = () => {
      throw new Error("Another process resumes this experiment.");
    };
    const { find, button } = await mountOpen(kernel);
    button("resume").click();
    await soon(() =>
      expect(find(".oprs-plan [role=alert]").textContent).toBe(
        "Another process resumes this experiment.",
      ),
    );
    expect(button("resume").disabled).toBe(false);
  });
});

describe("what is read aloud", () => {
  test("is the progress, at most every five seconds", async () => {
    const kernel = browser();
    const { text } = await mountOpen(kernel);
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "Date"] });
    const patch = async (done: number) => {
      kernel.patch([2], [byte("running")], { active: true, total: 9, done });
      await vi.waitFor(() => expect(text(".oprs-status")).toBe(`${done} of 9`), { interval: 5 });
    };
    await vi.advanceTimersByTimeAsync(6000);
    await patch(1);
    await vi.waitFor(() => expect(text("[aria-live=polite]")).toBe("1 of 9"), { interval: 5 });
    for (const done of [2, 3, 4]) await patch(done);
    expect(text("[aria-live=polite]")).toBe("1 of 9");
    await vi.advanceTimersByTimeAsync(5000);
    await vi.waitFor(() => expect(text("[aria-live=polite]")).toBe("4 of 9"));
    vi.useRealTimers();
  });
});

describe("run mode", () => {
  test("has no list and no Resume, and Stop is the cell's", async () => {
    const kernel = new FakeKernel([half()], { mode: "run", selected: "half" });
    kernel.busy = true;
    const { root, text, button } = await mount(kernel);
    kernel.key();
    kernel.patch([2], [byte("running")], { active: true, own: false, total: 2 });
    await soon(() => expect(text(".oprs-status")).toBe("0 of 2"));
    expect(text(".oprs-header strong")).toBe("gpt-5-mini");
    expect(root.querySelector(".oprs-list")).toBeNull();
    expect(root.querySelector(".oprs-resume")).toBeNull();
    expect(button("stop").textContent).toBe("Stop: ■ of the cell");
    expect(button("stop").disabled).toBe(true);
  });
});

describe("which experiments are listed", () => {
  const names = ({ root }: { root: HTMLElement }) =>
    [...root.querySelectorAll<HTMLElement>(".oprs-row")].map(({ dataset }) => dataset.id);

  test("by a chip, with how many there are", async () => {
    const mounted = await mountOpen(browser());
    await soon(() => expect(names(mounted)).toEqual(["half", "done"]));
    const chips = () => [...mounted.root.querySelectorAll<HTMLElement>(".oprs-chip")];
    const told = chips().map((chip) => chip.textContent?.trim());
    expect(told).toEqual(["all", "resumable 1", "running 0", "complete 1"]);
    expect(mounted.text(".oprs-list-head .oprs-number")).toBe("2 experiments");
    chips()[3].click();
    await soon(() => expect(names(mounted)).toEqual(["done"]));
    expect(mounted.text(".oprs-list-head .oprs-number")).toBe("1 of 2 experiments");
    expect(chips()[3].getAttribute("aria-pressed")).toBe("true");
    chips()[2].click();
    await soon(() => expect(mounted.text(".oprs-rows")).toBe("No experiment matches."));
    chips()[0].click();
    await soon(() => expect(names(mounted)).toHaveLength(2));
  });

  test("by a word for a state, which the store is not asked for", async () => {
    const kernel = browser();
    const mounted = await mountOpen(kernel);
    const input = mounted.find("input[type=search]") as HTMLInputElement;
    input.value = "resumable";
    input.dispatchEvent(new Event("input", { bubbles: true }));
    await soon(() => expect(names(mounted)).toEqual(["half"]));
    const asked = kernel.control.sent.filter(({ method }) => method === "list");
    expect(asked.at(-1)?.params.search).toBe("");
  });

  test("from a drop-down where there is no room, which a choice folds again", async () => {
    const mounted = await mountOpen(browser());
    await soon(() => expect(mounted.text(".oprs-picker strong")).toBe("gpt-5-mini"));
    const picker = mounted.find(".oprs-picker");
    picker.click();
    await soon(() => expect(picker.getAttribute("aria-expanded")).toBe("true"));
    mounted.find(".oprs-row[data-id=done]").click();
    await soon(() => expect(mounted.text(".oprs-picker strong")).toBe("smoke"));
    expect(picker.getAttribute("aria-expanded")).toBe("false");
  });
});

describe("why runs failed", () => {
  const troubled = () => {
    const some = Uint8Array.of(5, 3, 4, 5, 7, 6, 5, 3, 5);
    return new FakeKernel([experiment("half", "gpt-5-mini", 9, 1, some), done()]);
  };
  const opened = async (kernel: FakeKernel) => {
    const mounted = await mountOpen(kernel);
    await soon(() => mounted.find(".oprs-group"));
    const groups = () => [...mounted.root.querySelectorAll<HTMLElement>(".oprs-group")];
    return { ...mounted, kernel, groups };
  };

  test("groups are listed with their counts, the largest first", async () => {
    const { groups } = await opened(troubled());
    const told = groups().map((group) => group.textContent);
    expect(told[0]).toContain("RateLimitError3");
    expect(told).toContain("words raised ValueError1no words · score missing, output kept");
    expect(told).toContain("Interrupted1stopped while running");
    expect(told).toHaveLength(5);
  });

  test("a chosen group marks its cells, n stays among them, and choosing it again undoes that", async () => {
    const { groups, root, find } = await opened(troubled());
    groups()[0].click();
    await soon(() => expect(groups()[0].getAttribute("aria-pressed")).toBe("true"));
    const press = (key: string) =>
      find(".oprs-group").dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true }));
    const shown = () => root.querySelector<HTMLElement>(".oprs-inspector")?.dataset.cell;
    const seen: (string | undefined)[] = [];
    for (const key of ["n", "n", "n", "n", "N"]) {
      press(key);
      await soon(() => expect(shown()).not.toBe(seen.at(-1)));
      seen.push(shown());
    }
    expect(seen).toEqual(["0", "6", "8", "0", "8"]);
    groups()[0].click();
    await soon(() => expect(groups()[0].getAttribute("aria-pressed")).toBe("false"));
    press("n");
    press("n");
    press("n");
    await soon(() => expect(shown()).toBe("3"));
  });

  test("they are asked again when more has failed, and forgotten with the experiment", async () => {
    const { kernel, groups, root, find } = await opened(troubled());
    groups()[0].click();
    kernel.patch([1], [byte("task_failed")], { active: true });
    await soon(
      () =>
        expect(
          groups()
            .map((g) => g.textContent)
            .join(),
        ).toContain("KeyError"),
      4000,
    );
    find(".oprs-row[data-id=done]").click();
    await soon(() =>
      expect(root.querySelector(".oprs-troubles")?.textContent).toContain("Nothing has failed"),
    );
  });

  test("how many are not shown is forgotten with the experiment", async () => {
    const kernel = troubled();
    const known = kernel.methods.groups;
    kernel.methods.groups = (params) => {
      const [told, ...buffers] = known(params) as [{ groups: Group[] }];
      return [{ ...told, total: 60 }, ...buffers] as never;
    };
    const { find, text } = await opened(kernel);
    expect(text(".oprs-troubles")).toContain("smaller groups");
    kernel.methods.groups = () => [null];
    find(".oprs-row[data-id=done]").click();
    await soon(() =>
      expect(find(".oprs-root, .oprs-frame").closest("[data-experiment=done]")).toBeTruthy(),
    );
    expect(text(".oprs-troubles")).not.toContain("smaller groups");
  });

  test("where nothing is wrong nobody asks", async () => {
    const kernel = new FakeKernel([done()]);
    const { root } = await mountOpen(kernel);
    expect(root.querySelector(".oprs-troubles")?.textContent).toContain("Nothing has failed");
    expect(kernel.control.sent.map(({ method }) => method)).not.toContain("groups");
  });

  test("what failed is text", async () => {
    const kernel = troubled();
    const [group] = (kernel.methods.groups({ experiment: "half" })[0] as { groups: Group[] })
      .groups;
    const hostile = { ...group, type: "<img src=x>", message: "<b>boom</b>" };
    kernel.methods.groups = () => [{ groups: [hostile], total: 60 }];
    const { groups, root } = await opened(kernel);
    expect(groups()[0].textContent).toBe("<img src=x>3<b>boom</b>");
    expect(root.querySelector(".oprs-troubles img, .oprs-troubles b")).toBeNull();
    expect(root.querySelector(".oprs-troubles")?.textContent).toContain("59 smaller groups");
  });
});
const TABS = ["Item", "Output", "Scores", "Prints", "Attempts"];

describe("the inspector", () => {
  /** Opened on the first failed cell by the keyboard, with what the kernel tells of it changed. */
  async function inspected(change: Partial<Cell> = {}) {
    const kernel = browser();
    const look = kernel.methods.cell;
    kernel.methods.cell = (params) => [{ ...(look(params)[0] as Cell), ...change }];
    const mounted = await mountOpen(kernel);
    const press = (key: string) =>
      mounted
        .find(".oprs-heatmap")
        .dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true }));
    await soon(() => expect(mounted.root.querySelector("[role=gridcell]")).toBeTruthy());
    press("n");
    press("Enter");
    await soon(() => mounted.find("[role=tab]"));
    const tabs = () => [...mounted.root.querySelectorAll<HTMLElement>("[role=tab]")];
    const chosen = () => mounted.find("[role=tab][aria-selected=true]").textContent;
    return { ...mounted, kernel, press, tabs, chosen };
  }
  const words = { name: "words", value: null, reason: "ValueError: no words", failed: true };

  test("asks for a choice first", async () => {
    const { text } = await mountOpen(browser());
    expect(text(".oprs-inspector")).toBe(
      "Choose a cell to see its item, output, scores and error.",
    );
  });

  test("puts the error first and shows it as text", async () => {
    const error = {
      type: "KeyError",
      message: "<b>'x'</b>",
      traceback: "File <cell>\n  boom",
      stack: [],
    };
    const { root, text, tabs, chosen } = await inspected({ error });
    expect(tabs().map((tab) => tab.textContent)).toEqual(["Error", ...TABS]);
    expect(chosen()).toBe("Error");
    expect(text(".oprs-error-line")).toBe("KeyError: <b>'x'</b>");
    expect(text(".oprs-traceback")).toBe("File <cell>\n  boom");
    expect(root.querySelector(".oprs-panel b")).toBeNull();
    expect(text(".oprs-inspector .oprs-title")).toContain(
      "item 1 · trial 1 — task failed after 1.9 s · attempt 2",
    );
    expect(text(".oprs-id")).toMatch(/000000000001$/);
  });

  test("goes to the scores when one is missing, with its reason", async () => {
    const { text, tabs, chosen } = await inspected({ error: null, scores: [words] });
    expect(tabs().map((tab) => tab.textContent)).toEqual(TABS);
    expect(chosen()).toBe("Scores");
    expect(text(".oprs-scores tbody tr")).toBe("wordsfailedValueError: no words");
  });

  test("goes to the scores, too, when a metric was not given", async () => {
    const absent = { name: "words", value: null, reason: "was not given", failed: false };
    const { text, chosen } = await inspected({ error: null, scores: [absent] });
    expect(chosen()).toBe("Scores");
    expect(text(".oprs-scores tbody tr")).toBe("words–was not given");
  });

  test("shows items and outputs of any kind", async () => {
    const { text, tabs } = await inspected({
      error: null,
      scores: [],
      item: { q: "two\nlines", n: { a: [1] } },
      output: "plain",
    });
    const show = async (name: string, expected: string) => {
      tabs()
        .find((tab) => tab.textContent === name)
        ?.click();
      await soon(() => expect(text(".oprs-panel")).toBe(expected));
    };
    await show("Item", 'qtwo\nlinesn{"a":[1]}');
    await show("Output", "plain");
    await show("Scores", "There are no scores.");
  });

  test("what was converted of an output stands below it, and a score may be no finite number", async () => {
    const { text, tabs } = await inspected({
      error: null,
      scores: [{ name: "judge", value: "NaN", reason: null, failed: false }],
      output: "plain",
      notes: ["set kept as a list: ['a']"],
    });
    await soon(() => expect(text(".oprs-panel")).toBe("plainset kept as a list: ['a']"));
    tabs()
      .find((tab) => tab.textContent === "Scores")
      ?.click();
    await soon(() => expect(text(".oprs-panel")).toContain("judgeNaN"));
  });

  test("its tabs are moved by arrows", async () => {
    const { chosen, tabs } = await inspected();
    tabs()[0].dispatchEvent(new KeyboardEvent("keydown", { key: "ArrowLeft", bubbles: true }));
    await soon(() => expect(chosen()).toBe("Attempts"));
    expect(document.activeElement?.textContent).toBe("Attempts");
  });

  test("says a refusal where it was asked", async () => {
    const mounted = await inspected();
    mounted.kernel.methods.cell = () => {
      throw new Error("That run is gone.");
    };
    mounted.press("ArrowUp");
    mounted.press(" ");
    await soon(() =>
      expect(mounted.text(".oprs-inspector [role=alert]")).toBe("That run is gone."),
    );
  });
});

describe("an Opik server", () => {
  const error = {
    type: "RateLimitError",
    message: "<b>429</b>",
    traceback: "File <cell>",
    stack: [],
  };
  const plain = { error: null, model: null, tokens: null, cost: null, after: 0, seconds: 0.5 };
  const details: Details = {
    input: { q: "as it was" },
    tokens: 1204,
    cost: 0.0031,
    url: "https://opik.example.com/trace",
    spans: [
      { ...plain, id: "1", depth: 0, name: "answer", kind: "general", input: "in", output: null },
      {
        ...plain,
        id: "2",
        depth: 1,
        name: "create",
        kind: "llm",
        input: { prompt: "<i>hi</i>" },
        output: "out",
        error,
        model: "gpt-5-mini",
        tokens: 1204,
        cost: 0.0031,
        seconds: null,
      },
    ],
  };
  const store = "Opik at opik.example.com, workspace demo";
  const remote = (experiments = [half(), done()]) =>
    new FakeKernel(experiments, { remote: true, store });

  async function looked(change: Partial<Details> = {}, cell: Partial<Cell> = {}) {
    const kernel = remote();
    const look = kernel.methods.cell;
    kernel.methods.cell = (params) => [{ ...(look(params)[0] as Cell), ...cell }];
    kernel.methods.details = () => [{ details: { ...details, ...change } }];
    const mounted = await mountOpen(kernel);
    const heatmap = mounted.find(".oprs-heatmap");
    await soon(() => expect(mounted.root.querySelector("[role=gridcell]")).toBeTruthy());
    for (const key of ["n", "Enter"]) {
      heatmap.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true }));
    }
    await soon(() => expect(mounted.text(".oprs-inspector")).toContain("1,204 tokens"));
    const tabs = () => [...mounted.root.querySelectorAll<HTMLElement>("[role=tab]")];
    const open = async (name: string) => {
      tabs()
        .find((tab) => tab.textContent === name)
        ?.click();
      await soon(() => expect(mounted.find("[aria-selected=true]").textContent).toBe(name));
    };
    return { ...mounted, tabs, open };
  }

  test("is named in the list, whole in its title, and searched by name", async () => {
    const { find, text } = await mountOpen(remote());
    expect(text(".oprs-list-head > p")).toBe(store);
    expect(find(".oprs-list-head > p").title).toBe(store);
    expect(find(".oprs-search").getAttribute("placeholder")).toBe("Search by name");
    const local = await mountOpen(browser());
    expect(local.find(".oprs-search").getAttribute("placeholder")).toBe(
      "Search by name or dataset",
    );
    expect(local.text(".oprs-list-head > p")).toBe("Experiments in local store");
  });

  test("has rows that are not read yet, which the view asks for as it sees them", async () => {
    const unread = done();
    unread.row = { ...unread.row, done: null, state: "reading", scores: [] };
    const kernel = remote([half(), unread]);
    const { find } = await mountOpen(kernel);
    await soon(() =>
      expect(find(".oprs-row[data-id=done]").textContent).toBe("smoke≈ 2 runsifbench v3reading…"),
    );
    await soon(() =>
      expect(kernel.control.sent.find(({ method }) => method === "look")?.params).toEqual({
        experiments: ["half", "done"],
      }),
    );
  });

  test("tells the steps of a run, as text, each below the one that called it", async () => {
    const { root, find, tabs, open, text } = await looked();
    expect(tabs().map((tab) => tab.textContent)).toEqual(["Error", ...TABS, "Trace"]);
    expect(text(".oprs-inspector .oprs-title")).toContain("1,204 tokens · $0.0031");
    await open("Trace");
    const steps = [...root.querySelectorAll<HTMLElement>(".oprs-trace > li")];
    expect(steps.map((step) => step.style.getPropertyValue("--oprs-depth"))).toEqual(["0", "1"]);
    const lines = [...root.querySelectorAll(".oprs-step")].map((line) => line.textContent);
    expect(lines).toEqual([
      "generalanswer0.5 s",
      "llmcreate✕ RateLimitErrorgpt-5-mini1,204 tokens · $0.0031unfinished",
    ]);
    expect(steps[1].textContent).toContain("RateLimitError: <b>429</b>");
    expect(steps[1].querySelector("dd")?.textContent).toBe("<i>hi</i>");
    expect(steps[1].querySelector("details")?.open).toBe(false);
    expect(find(".oprs-panel").querySelector("b, i")).toBeNull();
  });

  test("shows the run itself, behind an address of the web only", async () => {
    const { find } = await looked();
    const link = find("a") as HTMLAnchorElement;
    expect(link.textContent).toBe("Open in Opik ↗");
    expect([link.href, link.target, link.rel]).toEqual([
      "https://opik.example.com/trace",
      "_blank",
      "noopener noreferrer",
    ]);
    const { root } = await looked({ url: "javascript:alert(1)" });
    expect(root.querySelector("a")).toBeNull();
  });

  test("has no trace to show where there are no steps, and the input of an item that is gone", async () => {
    const { tabs, open, text } = await looked({ spans: [] }, { item: {} });
    expect(tabs().map((tab) => tab.textContent)).not.toContain("Trace");
    await open("Item");
    expect(text(".oprs-panel")).toBe("qas it was");
  });

  test("has not got all runs yet: said quietly, and loudly what it refuses", async () => {
    const kernel = remote();
    const { root, find, text } = await mountOpen(kernel);
    expect(text(".oprs-delivery")).toBe("");
    const waiting = { waiting: 12, refused: 0, words: [], problem: "It cannot be reached." };
    kernel.patch([], [], { undelivered: waiting });
    const line = "12 finished runs are kept here and still to be delivered: It cannot be reached.";
    await soon(() => expect(text(".oprs-delivery")).toBe(line));
    expect(find(".oprs-delivery p").title).toBe(line);
    expect(root.querySelector("[role=alert]")).toBeNull();
    kernel.patch([], [], {
      undelivered: { ...waiting, waiting: 0, refused: 1, words: ["bad id"] },
    });
    await soon(() =>
      expect(text(".oprs-delivery [role=alert]")).toBe(
        "1 finished run was refused by the server (bad id). It is kept here; evaluate_resume(…).to_pandas() exports it.",
      ),
    );
    kernel.patch([], [], { undelivered: null, problem: "It cannot be asked." });
    await soon(() => expect(text(".oprs-delivery")).toBe("It cannot be asked."));
    kernel.patch([], [], { problem: null });
    await soon(() => expect(text(".oprs-delivery")).toBe(""));
    expect((await mountOpen(browser())).root.querySelector(".oprs-delivery")).toBeNull();
  });

  test("that is away is said above the list, which can be asked again", async () => {
    const kernel = remote();
    const list = kernel.methods.list;
    kernel.methods.list = () => {
      throw new Error("Opik cannot be reached.");
    };
    const { root, find, text } = await mount(kernel);
    await soon(() =>
      expect(text(".oprs-list [role=alert]")).toBe("Opik cannot be reached. Try again"),
    );
    kernel.methods.list = list;
    find(".oprs-list .oprs-link").click();
    await soon(() => expect(root.querySelectorAll(".oprs-row")).toHaveLength(2));
    expect(root.querySelector("[role=alert]")).toBeNull();
  });
});

describe("the finder", () => {
  const lots = () =>
    new FakeKernel(
      Array.from({ length: 60 }, (_, at) =>
        experiment(`e${at}`, `name ${at}`, 1, 1, Uint8Array.of(3)),
      ),
    );
  const type = (input: HTMLElement, text: string) => {
    (input as HTMLInputElement).value = text;
    input.dispatchEvent(new Event("input", { bubbles: true }));
  };

  test("searches while one types, keeps the focus, and says when nothing matches", async () => {
    const { root, find, text } = await mountOpen(browser());
    await soon(() => expect(root.querySelectorAll(".oprs-row")).toHaveLength(2));
    const input = find(".oprs-search");
    input.focus();
    type(input, "smoke");
    await soon(() => expect(root.querySelectorAll(".oprs-row")).toHaveLength(1));
    type(input, "nothing like it");
    await soon(() => expect(text(".oprs-rows")).toBe("No experiment matches."));
    type(input, "");
    await soon(() => expect(root.querySelectorAll(".oprs-row")).toHaveLength(2));
    expect(document.activeElement).toBe(input);
    expect(root.dataset.experiment).toBe("half");
  });

  test("forgets what has been deleted when it is opened", async () => {
    const kernel = browser();
    const { root, find, text } = await mountOpen(kernel);
    await soon(() => expect(root.querySelectorAll(".oprs-row")).toHaveLength(2));
    const gone = find('.oprs-row[data-id="done"]');
    kernel.experiments.splice(1, 1);
    gone.click();
    await soon(() => expect(root.querySelectorAll(".oprs-row")).toHaveLength(1));
    expect(text(".oprs-plan")).toContain("There is no experiment done");
  });

  test("does not say that none matches as long as some are not known", async () => {
    const kernel = new FakeKernel(
      [
        experiment("one", "one", 1, 1, Uint8Array.of(3)),
        experiment("two", "two", 1, 1, Uint8Array.of(3)),
      ],
      { remote: true },
    );
    for (const each of kernel.experiments) each.row = { ...each.row, done: null, state: "reading" };
    const { root, find, text } = await mount(kernel);
    await soon(() => expect(root.querySelectorAll(".oprs-row")).toHaveLength(2));
    expect(text(".oprs-chips")).toBe("all resumable 0+running 0+complete 0+");
    root.querySelectorAll<HTMLElement>(".oprs-chip")[1].click();
    await soon(() => expect(root.querySelector(".oprs-row")).toBeNull());
    expect(text(".oprs-rows")).toBe("");
    for (const each of kernel.experiments) each.row = { ...each.row, done: 0, state: "complete" };
    kernel.changed("list");
    await soon(() => expect(text(".oprs-rows")).toBe("No experiment matches."));
    expect(find(".oprs-chips").textContent).toBe("all resumable 0running 0complete 2");
  });

  test("orders, and shows more at the end", async () => {
    const kernel = lots();
    const { root, find, text } = await mountOpen(kernel);
    const rows = () => [...root.querySelectorAll<HTMLElement>(".oprs-row")];
    await soon(() => expect(rows()).toHaveLength(50));
    expect(text(".oprs-list-head .oprs-number")).toBe("60 experiments");
    expect(text(".oprs-more")).toBe("Show more (10 are not shown)");
    find(".oprs-more").click();
    await soon(() => expect(rows()).toHaveLength(60));
    expect(root.querySelector(".oprs-more")).toBeNull();
    const order = find("select[aria-label=Order]") as HTMLSelectElement;
    expect([...order.options].map(({ value }) => value)).toEqual([
      "-created_at",
      "created_at",
      "-updated_at",
      "name",
      "most failed",
      "least done",
      "lowest score",
    ]);
    order.value = "name";
    order.dispatchEvent(new Event("change", { bubbles: true }));
    await soon(() => expect(rows()[2].dataset.id).toBe("e10"));
  });

  test("arranges by what failed, is done and was scored, which no store can; rows stay live", async () => {
    const failing = (id: string, failed: number, done: number) => {
      const states = new Uint8Array(10).fill(byte("completed"), 0, done);
      return experiment(id, id, 10, 1, states.fill(byte("task_failed"), done, done + failed));
    };
    const kernel = new FakeKernel([failing("a", 1, 9), failing("b", 3, 5), failing("c", 2, 2)]);
    kernel.experiments.forEach(({ row }, at) => {
      row.scores = [{ by: "score:s", name: "s", mean: [0.5, 0.2, 0.9][at], error: 0.1, n: 5 }];
    });
    const { root, find, text } = await mountOpen(kernel);
    const ids = () =>
      [...root.querySelectorAll<HTMLElement>(".oprs-row")].map((row) => row.dataset.id);
    const order = find("select[aria-label=Order]") as HTMLSelectElement;
    for (const [by, wanted] of [
      ["most failed", ["b", "c", "a"]],
      ["least done", ["c", "b", "a"]],
      ["lowest score", ["b", "a", "c"]],
      ["created_at", ["a", "b", "c"]],
    ] as const) {
      order.value = by;
      order.dispatchEvent(new Event("change", { bubbles: true }));
      await soon(() => expect(ids()).toEqual(wanted));
    }
    expect(text(".oprs-row[data-id=b]")).toContain("s 0.20 ± 0.10 (n 5)");
    expect(text(".oprs-row[data-id=a]")).toContain("resumable, 1 failed");
    kernel.patch([0, 9], [byte("task_failed"), byte("running")], { active: true, total: 1 });
    await soon(() => expect(text(".oprs-row[data-id=a]")).toContain("running, 1 failed"));
    kernel.patch([9], [byte("task_failed")]);
    await soon(() => expect(text(".oprs-row[data-id=a]")).toContain("running, 2 failed"));
    expect(text("[data-state=task_failed] .oprs-count")).toBe("2");
  });
});

describe("the theme", () => {
  test("is the notebook's, and followed as it changes", async () => {
    document.body.dataset.jpThemeLight = "false";
    const { root } = await mountOpen(browser());
    expect(root.dataset.theme).toBe("dark");
    expect(root.style.getPropertyValue("--oprs-state-task-failed")).toBe("#ee7733");
    document.body.dataset.jpThemeLight = "true";
    await soon(() => expect(root.dataset.theme).toBe("light"));
    expect(root.style.getPropertyValue("--oprs-state-task-failed")).toBe("#d55e00");
  });
});

describe("the end of a view", () => {
  test("leaves the other views as they are", async () => {
    const kernel = browser();
    const one = await mountOpen(kernel);
    const other = await mountOpen(kernel);
    other.end.abort();
    expect(other.root.childElementCount).toBe(0);
    kernel.patch([2], [byte("completed", true)], { active: true, total: 2, done: 1 });
    await soon(() => expect(one.text("[data-state=replayed] .oprs-count")).toBe("1"));
    one.end.abort();
    expect(kernel.control.listening() + kernel.feed.listening()).toBe(0);
  });
});

describe("keys", () => {
  test("that are plain are the widget's, chords are the notebook's", async () => {
    const { find } = await mountOpen(browser());
    const heatmap = find(".oprs-heatmap");
    const press = (init: KeyboardEventInit) =>
      heatmap.dispatchEvent(new KeyboardEvent("keydown", { bubbles: true, ...init }));
    press({ key: "d" });
    expect(heatmap.hasAttribute("data-lm-suppress-shortcuts")).toBe(true);
    press({ key: "s", ctrlKey: true });
    expect(heatmap.hasAttribute("data-lm-suppress-shortcuts")).toBe(false);
    const search = find(".oprs-search");
    search.dispatchEvent(new KeyboardEvent("keydown", { key: "L", shiftKey: true, bubbles: true }));
    expect(search.hasAttribute("data-lm-suppress-shortcuts"), "a capital letter").toBe(true);
  });

  test("a server is told that somebody is there when the page comes into sight again", async () => {
    const kernel = new FakeKernel([half()], { remote: true });
    const { end } = await mountOpen(kernel);
    const hellos = () => kernel.control.sent.filter(({ method }) => method === "hello").length;
    expect(hellos()).toBe(3);
    document.dispatchEvent(new Event("visibilitychange"));
    expect(hellos()).toBe(4);
    end.abort();
    document.dispatchEvent(new Event("visibilitychange"));
    expect(hellos()).toBe(4);
  });

  test("move among the experiments", async () => {
    const { find } = await mountOpen(browser());
    await soon(() => find(".oprs-row[data-id=done]"));
    find(".oprs-row[data-id=half]").focus();
    find(".oprs-row[data-id=half]").dispatchEvent(
      new KeyboardEvent("keydown", { key: "ArrowDown", bubbles: true, cancelable: true }),
    );
    expect(document.activeElement).toBe(find(".oprs-row[data-id=done]"));
  });
});
