// What axe-core says of every view of the widget, in the colours of JupyterLab and in our own.
import "../../src/style.css";
import axe from "axe-core";
import { afterEach, describe, expect, test, vi } from "vitest";
import { userEvent } from "vitest/browser";
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
  ["light", 550, true], // 1,100 px at 200 %
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
async function wrong(root: HTMLElement): Promise<string[]> {
  const { violations } = await axe.run(root);
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

/** One after the other on the same view. */
const STEPS: Record<string, (root: HTMLElement) => Promise<unknown>> = {
  "as it comes": async (root) => seen(root, ".oprs-group[data-kind=task]"),
  "a group chosen": async (root) => {
    element(root, ".oprs-group[data-kind=task]").click();
    await seen(root, ".oprs-group[aria-pressed=true]");
  },
  "an error inspected": async (root) => {
    await press(root, "n");
    await seen(root, ".oprs-traceback");
  },
  "attempts inspected": async (root) => {
    element(root, "[role=tab][id$=Attempts]").click();
    await seen(root, "[role=tab][id$=Attempts][aria-selected=true]");
  },
  "runs selected": async (root) => {
    await press(root, "{Control>}a{/Control}");
    await seen(root, ".oprs-selected");
  },
  "the menu": async (root) => {
    element(root, ".oprs-arrow").click();
    await seen(root, "[role=menu]");
  },
  "stop rules": async (root) => {
    openNamed(root, "threads");
    await seen(root, ".oprs-figure");
  },
  "what has changed": async (root) => {
    openNamed(root, "diff");
    await seen(root, ".oprs-new");
  },
  metrics: async (root) => {
    openNamed(root, "keywords");
    await seen(root, ".oprs-metrics .oprs-option");
  },
  "a score": async (root) => {
    await choose(root, ".oprs-seeing select", "score:words");
    await seen(root, ".oprs-scale svg");
  },
  "another experiment": async (root) => {
    await choose(root, ".oprs-seeing select", "beside:e2");
    await seen(root, ".oprs-verdict");
  },
  "all keys": async (root) => {
    await press(root, "?");
    await seen(root, ".oprs-keys");
  },
  running: async (root) => {
    await press(root, "?");
    root.querySelector<HTMLElement>(".oprs-keys button")?.click();
  },
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
        if (name === "saved") await seen(root, ".oprs-gone");
        else await vi.waitFor(() => expect(root.dataset.ready).toBe("true"));
        expect(await wrong(root), name).toEqual([]);
        ending.abort();
      }
    });
  },
);
