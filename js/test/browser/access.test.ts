// What axe-core says of every view of the widget, in the colours of JupyterLab and in our own.
import "../../src/style.css";
import axe from "axe-core";
import { afterEach, describe, expect, test, vi } from "vitest";
import { cdp, userEvent } from "vitest/browser";
import { byte, experiment, FakeKernel, offering, view } from "../../dev/fake";
import widget from "../../src/index";
import { STATES } from "../../src/protocol";

/** As JupyterLab's two themes have them; without them the widget's own constants count. */
const LAB = {
  light: [0, "#fff", "#1976d2"],
  dark: [255, "#212121", "#2196f3"],
} as const;
const HOSTS = [
  ["light", 1100, true],
  ["dark", 1100, true],
  ["light", 420, false],
  ["dark", 420, false],
] as const;

let ending = new AbortController();
afterEach(() => {
  ending.abort();
  document.body.replaceChildren();
  document.body.removeAttribute("style");
  document.body.removeAttribute("data-jp-theme-light");
});

function dress(theme: "light" | "dark", lab: boolean): void {
  const [ink, back, brand] = LAB[theme];
  document.body.dataset.jpThemeLight = String(theme === "light");
  document.body.style.background = theme === "light" ? "#fff" : "#111418";
  if (!lab) return;
  const grey = (alpha: number) => `rgba(${ink},${ink},${ink},${alpha})`;
  for (const [name, value] of [
    ["ui-font-color1", grey(0.87)],
    ["ui-font-color2", grey(0.54)],
    ["layout-color1", back],
    ["brand-color1", brand],
  ])
    document.body.style.setProperty(`--jp-${name}`, value);
}

async function mount(kernel: FakeKernel, width: number): Promise<HTMLElement> {
  ending = new AbortController();
  const el = document.createElement("div");
  el.style.width = `${width}px`;
  document.body.append(el);
  const { host, control } = kernel;
  await widget.render({ model: control.as(), el, signal: ending.signal, host });
  await vi.waitFor(() => expect(el.querySelector(".oprs-root > *")).toBeTruthy());
  return el.querySelector(".oprs-root") as HTMLElement;
}

/** What is wrong, as lines that name the rule and the element. */
async function wrong(root: HTMLElement, except: string[] = []): Promise<string[]> {
  const { violations } = await axe.run({ include: [root], exclude: except });
  return violations.flatMap(({ id, nodes }) =>
    nodes.map(({ html, failureSummary }) => `${id}: ${html.slice(0, 160)}\n${failureSummary}`),
  );
}

/** Each state, trouble of each kind, and another experiment of the dataset. */
function everything(): FakeKernel {
  const states = Uint8Array.from({ length: 120 }, (_, cell) =>
    cell % 3 ? byte("completed") : byte(STATES[(cell / 3) % STATES.length]),
  );
  const made = experiment("e1", "gpt-5-mini", 40, 3, states);
  const drift = "answer has changed since 80 of 120 runs were made (its source)";
  const metrics = [{ variable: "keywords", name: "keywords" }];
  const offers = offering(made, ["answer", "other"], metrics).plan;
  const plan = { ...offers, drift, differs: true, seconds: made.plan.seconds };
  const whole = new Uint8Array(120).fill(byte("completed"));
  return new FakeKernel([{ ...made, plan }, experiment("e2", "claude-haiku", 40, 3, whole)]);
}

const element = (root: HTMLElement, selector: string) => {
  const found = root.querySelector<HTMLElement>(selector);
  if (!found) throw new Error(`there is no ${selector}`);
  return found;
};
const seen = (root: HTMLElement, selector: string) =>
  vi.waitFor(() => expect(element(root, selector)).toBeTruthy());
const press = async (root: HTMLElement, key: string) => {
  element(root, ".oprs-heatmap").focus();
  await userEvent.keyboard(key);
};
async function choose(root: HTMLElement, selector: string, value: string): Promise<void> {
  const select = element(root, selector) as HTMLSelectElement;
  await vi.waitFor(() => expect([...select.options].map((each) => each.value)).toContain(value));
  select.value = value;
  select.dispatchEvent(new Event("change", { bubbles: true }));
}
const openNamed = (root: HTMLElement, words: string) =>
  [...root.querySelectorAll<HTMLElement>(".oprs-pop > button")]
    .find((each) => each.textContent?.includes(words))
    ?.click();

/** Without a kernel these cannot be used and are dim; everything else is there to be read. */
const UNUSABLE = ["input", "select", ".oprs-button", ".oprs-chip", ".oprs-caption button"];

/** One after the other on the same view. */
const STEPS: Record<string, (root: HTMLElement) => Promise<unknown>> = {
  "as it comes": async (root) => seen(root, ".oprs-group[data-kind=task]"),
  "a group chosen and an error inspected": async (root) => {
    element(root, ".oprs-group[data-kind=task]").click();
    await seen(root, ".oprs-group[aria-pressed=true]");
    await press(root, "n");
    await seen(root, ".oprs-traceback");
  },
  "attempts, runs selected and the menu": async (root) => {
    element(root, "[role=tab][id$=Attempts]").click();
    await seen(root, "[role=tab][id$=Attempts][aria-selected=true]");
    await press(root, "{Control>}a{/Control}");
    await seen(root, ".oprs-selected");
    element(root, ".oprs-arrow").click();
    await seen(root, "[role=menu]");
  },
  "a score, items in groups and stop rules": async (root) => {
    await choose(root, ".oprs-seeing select", "score:words");
    await choose(root, ".oprs-seeing label:nth-of-type(2) select", "field:category");
    await seen(root, ".oprs-scale svg");
    await vi.waitFor(() =>
      expect(element(root, "[role=gridcell]").textContent).toMatch(/ · (arith|code|instr|no cat)/),
    );
    openNamed(root, "threads");
    await seen(root, ".oprs-figure");
  },
  "another experiment and what has changed": async (root) => {
    await choose(root, ".oprs-seeing select", "beside:e2");
    await seen(root, ".oprs-verdict");
    openNamed(root, "diff");
    await seen(root, ".oprs-new");
  },
  "all keys and metrics": async (root) => {
    await press(root, "?");
    await seen(root, ".oprs-keys");
    openNamed(root, "keywords");
    await seen(root, ".oprs-metrics .oprs-option");
  },
  running: async (root) => element(root, ".oprs-keys button").click(),
};

describe.each(HOSTS)(
  "axe-core finds nothing, %s at %d px (JupyterLab's colours: %s)",
  (...host) => {
    const [theme, width, lab] = host;

    test("in a browser, whatever is open", async () => {
      dress(theme, lab);
      const kernel = everything();
      const root = await mount(kernel, width);
      await vi.waitFor(() => expect(root.dataset.ready).toBe("true"));
      const found: Record<string, string[]> = {};
      for (const [name, step] of Object.entries(STEPS)) {
        await step(root);
        if (name === "running") kernel.patch([0, 1], [1, 2], { active: true, total: 9 });
        const lines = await wrong(root);
        if (lines.length) found[name] = lines;
      }
      expect(found).toEqual({});
    });

    test("in a cell that runs, in a saved copy, where nothing is left and where nothing is", async () => {
      dress(theme, lab);
      const running = everything();
      Object.assign(running.control.traits, { mode: "run", selected: "e1" });
      running.progress = { ...running.progress, active: true, own: false, total: 9, done: 3 };
      const saved = everything();
      saved.control.widget_manager = { get_model: async () => ({ comm_live: false }) };
      const [{ head, states, row }] = saved.experiments;
      saved.feed.set("saved", {
        as_of: "today",
        rows: [row],
        total: 1,
        head,
        counts: { completed: 3, task_failed: 1 },
        states: view(Uint8Array.from([...states].flatMap((state) => [state, 0]))),
      });
      const whole = experiment("e1", "done", 6, 1, new Uint8Array(6).fill(byte("completed")));
      const complete = new FakeKernel([whole]);
      const views = { running, saved, complete, empty: new FakeKernel([]) };
      for (const [name, kernel] of Object.entries(views)) {
        const root = await mount(kernel, width);
        if (name === "running") kernel.key();
        await (name === "saved" ? seen(root, ".oprs-gone") : ready(root));
        if (name === "saved") {
          expect(await wrong(root), name).toEqual([]);
          element(root, ".oprs-frame").inert = false; // or axe-core looks past it
        }
        expect(await wrong(root, name === "saved" ? UNUSABLE : []), name).toEqual([]);
        ending.abort();
      }
    });
  },
);

const emulate = (name: string, value: string) =>
  cdp().send("Emulation.setEmulatedMedia", { features: [{ name, value }] });
const style = (root: HTMLElement, selector: string) => getComputedStyle(element(root, selector));
const done = () =>
  new FakeKernel([experiment("e1", "done", 6, 1, new Uint8Array(6).fill(byte("completed")))]);
const ready = (root: HTMLElement) => vi.waitFor(() => expect(root.dataset.ready).toBe("true"));

describe("what axe-core does not see", () => {
  afterEach(() => emulate("forced-colors", "none"));

  test("with forced colours, what can be pressed is filled and what cannot has no border", async () => {
    await emulate("forced-colors", "active");
    dress("light", true);
    const root = await mount(
      new FakeKernel([experiment("e1", "one", 6, 1, new Uint8Array(6))]),
      1100,
    );
    await ready(root);
    const probe = document.createElement("i");
    probe.style.cssText = "forced-color-adjust:none;background:Highlight";
    root.append(probe);
    const filled = getComputedStyle(probe).backgroundColor;
    await vi.waitFor(() => expect(style(root, ".oprs-resume").backgroundColor).toBe(filled));
    expect(style(root, ".oprs-stop").backgroundColor).not.toBe(filled);
    expect(style(root, ".oprs-stop").borderTopColor).toBe("rgba(0, 0, 0, 0)");
  });

  test("with forced colours the palette is the system's, not the host's", async () => {
    dress("light", true);
    const root = await mount(done(), 1100);
    expect(root.dataset.theme).toBe("light");
    await cdp().send("Emulation.setEmulatedMedia", {
      features: [
        { name: "forced-colors", value: "active" },
        { name: "prefers-color-scheme", value: "dark" },
      ],
    });
    await vi.waitFor(() => expect(root.dataset.theme).toBe("dark"));
  });

  test("nothing moves by itself for those who asked for that", async () => {
    const root = await mount(everything(), 1100);
    expect(style(root, ".oprs-bar > span").transitionDuration).not.toBe("0s");
    await emulate("prefers-reduced-motion", "reduce");
    for (const each of root.querySelectorAll("*"))
      expect(getComputedStyle(each).transitionDuration).toBe("0s");
  });

  test("the page has one main part, and it is not ours", async () => {
    const root = await mount(everything(), 1100);
    expect(root.querySelector("main, [role=main], [role=banner]")).toBeNull();
    expect(element(root, "header").closest("section, nav")).toBeTruthy();
  });

  test("what is selected is told in a region that was there before", async () => {
    const root = await mount(everything(), 1100);
    await ready(root);
    await vi.waitFor(() => expect(element(root, ".oprs-caption").textContent).toContain("items"));
    const told = element(root, ".oprs-caption [role=status]");
    await press(root, "{Control>}a{/Control}");
    await vi.waitFor(() => expect(told.textContent).toContain("120 runs selected"));
    expect(told.isConnected).toBe(true);
  });

  test("the grid is one stop of Tab whose cell says where it is", async () => {
    const root = await mount(everything(), 1100);
    await ready(root);
    await press(root, "{Control>}{End}{/Control}");
    const grid = element(root, "[role=grid]");
    const cell = element(root, `#${grid.getAttribute("aria-activedescendant")}`);
    expect(grid.querySelectorAll("[tabindex], button, a")).toHaveLength(0);
    expect([grid.ariaRowCount, grid.ariaColCount]).toEqual(["40", "3"]);
    expect([cell.parentElement?.ariaRowIndex, cell.ariaColIndex]).toEqual(["40", "3"]);
    expect(cell.textContent).toMatch(/^item \d+ · trial 2: /);
  });

  test("where nothing is left, the arrow beside Resume recedes and does nothing", async () => {
    const root = await mount(done(), 1100);
    await ready(root);
    await vi.waitFor(() => expect(element(root, ".oprs-resume").textContent).toBe("Complete"));
    const arrow = element(root, ".oprs-arrow") as HTMLButtonElement;
    expect(arrow.disabled).toBe(true);
    expect(getComputedStyle(arrow).backgroundColor).toBe("rgba(0, 0, 0, 0)");
  });

  test("where only what was chosen is empty, the arrow leads back and is not the loudest", async () => {
    const states = new Uint8Array(6).fill(byte("completed"));
    states[2] = byte("scores_missing");
    const kernel = new FakeKernel([experiment("e1", "one", 6, 1, states)]);
    const root = await mount(kernel, 1100);
    await ready(root);
    await vi.waitFor(() => expect(element(root, ".oprs-resume").textContent).toContain("Score 1"));
    const arrow = element(root, ".oprs-arrow") as HTMLButtonElement;
    expect(getComputedStyle(arrow).backgroundColor).not.toBe("rgba(0, 0, 0, 0)");
    arrow.click();
    const scores = () => element(root, "[role=menuitemradio]:nth-last-child(2)");
    await vi.waitFor(scores);
    scores().click();
    kernel.experiments[0].plan = { ...kernel.experiments[0].plan, score: 0 };
    kernel.changed("plan");
    await vi.waitFor(() =>
      expect(getComputedStyle(arrow).backgroundColor).toBe("rgba(0, 0, 0, 0)"),
    );
    expect(arrow.disabled).toBe(false);
  });

  // 1,100 px at 200 %, a side panel, and what WCAG calls reflow.
  test.each([550, 420, 320])("nothing is beyond the edge at %d px", async (width) => {
    const root = await mount(everything(), width);
    await ready(root);
    await press(root, "n");
    await vi.waitFor(() => element(root, "[role=tab]"));
    const edge = root.getBoundingClientRect().right + 1;
    const beyond = [...root.querySelectorAll<HTMLElement>("button, select, input, p, h2, h3, th")]
      .filter((each) => each.checkVisibility() && each.getBoundingClientRect().right > edge)
      .map((each) => each.outerHTML.slice(0, 120));
    expect(beyond).toEqual([]);
    expect(element(root, ".oprs-resume").offsetWidth).toBeGreaterThan(150);
  });
});
