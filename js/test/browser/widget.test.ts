import "../../src/style.css";
import { afterEach, expect, test, vi } from "vitest";
import { byte, experiment, FakeKernel, offering, view } from "../../dev/fake";
import { PALETTES, rgbOf } from "../../src/heatmap/drawing/palette";
import { cellCentre } from "../../src/heatmap/heatmap";
import widget from "../../src/index";
import examples from "../runs.json";

let ending = new AbortController();
afterEach(() => {
  ending.abort();
  document.body.replaceChildren();
  document.body.removeAttribute("data-jp-theme-light");
});

async function mount(kernel: FakeKernel, width = 1100): Promise<HTMLElement> {
  ending = new AbortController();
  const el = document.createElement("div");
  el.style.width = `${width}px`;
  document.body.append(el);
  const { host, control } = kernel;
  await widget.render({ model: control.as(), el, signal: ending.signal, host });
  await vi.waitFor(() => expect(el.querySelector("[data-geometry]")).toBeTruthy());
  return el;
}

const some = () => {
  const states = new Uint8Array(900).fill(byte("completed"));
  states[500] = byte("task_failed");
  return new FakeKernel([experiment("e1", "one", 300, 3, states)]);
};
const find = (el: HTMLElement, selector: string) => el.querySelector(selector) as HTMLElement;
const opaque = (hex: string) => [...rgbOf(hex), 255];

function colourOf(el: HTMLElement, cell: number): number[] {
  const geometry = JSON.parse(find(el, ".oprs-heatmap").dataset.geometry ?? "null");
  const { x, y } = cellCentre(geometry, cell);
  const canvas = find(el, ".oprs-heatmap canvas") as HTMLCanvasElement;
  const context = canvas.getContext("2d") as CanvasRenderingContext2D;
  return [...context.getImageData(x * devicePixelRatio, y * devicePixelRatio, 1, 1).data];
}

test("from the kernel's patch to the pixel and the count, in both themes", async () => {
  document.body.dataset.jpThemeLight = "true";
  const kernel = some();
  const el = await mount(kernel);
  await vi.waitFor(() => expect(colourOf(el, 0)).toEqual(opaque(PALETTES.light.kinds.completed)));
  kernel.patch([0], [byte("completed", true)], { active: true, total: 1 });
  await vi.waitFor(() => expect(colourOf(el, 0)).toEqual(opaque(PALETTES.light.kinds.replayed)));
  await vi.waitFor(() =>
    expect(find(el, "[data-state=replayed] .oprs-count").textContent).toBe("1"),
  );
  document.body.dataset.jpThemeLight = "false";
  await vi.waitFor(() => expect(colourOf(el, 0)).toEqual(opaque(PALETTES.dark.kinds.replayed)));
});

test("a coded key frame of many cells is painted and counted, and patched before its frame", async () => {
  const coded = examples.find(({ name }) => name === "an interrupted evaluation");
  const states = Uint8Array.from(
    coded?.runs.flatMap(([state, length]) => Array(length).fill(state)) ?? [],
  );
  const kernel = new FakeKernel([experiment("e1", "one", states.length, 1, states)]);
  const el = await mount(kernel);
  await vi.waitFor(() => expect(find(el, "[data-state=interrupted] b").textContent).toBe("16"));
  const cells = Uint8Array.from(coded?.coded.match(/../g) ?? [], (hex) => Number(`0x${hex}`));
  kernel.keyOf(view(cells), "runs");
  kernel.patch([120_000], [byte("task_failed")]);
  await vi.waitFor(() => {
    for (const [cell, kind] of [
      [0, "completed"],
      [70_000, "task_failed"],
      [120_000, "task_failed"],
      [125_015, "never_run"],
    ] as const) {
      expect(colourOf(el, cell), kind).toEqual(opaque(PALETTES.light.kinds[kind]));
    }
  });
  await vi.waitFor(() => expect(find(el, "[data-state=completed] b").textContent).toBe("99,999"));
  expect(find(el, "[data-state=task_failed] b").textContent).toBe("2");
});

test("a clicked cell is inspected and ringed", async () => {
  const el = await mount(some());
  await vi.waitFor(() => expect(find(el, "[data-state=task_failed] b").textContent).toBe("1"));
  const heatmap = find(el, ".oprs-heatmap");
  const { x, y } = cellCentre(JSON.parse(heatmap.dataset.geometry ?? ""), 500);
  const { left, top } = heatmap.getBoundingClientRect();
  heatmap.dispatchEvent(new MouseEvent("click", { clientX: left + x, clientY: top + y }));
  await vi.waitFor(() =>
    expect(find(el, ".oprs-traceback").textContent).toContain("RateLimitError"),
  );
  expect(find(el, ".oprs-picked").hidden).toBe(false);
});

test("nothing moves when the data comes, and nothing while it runs", async () => {
  const kernel = some();
  const mounting = mount(kernel);
  kernel.busy = true;
  await vi.waitFor(() => expect(document.querySelector(".oprs-inspector")).toBeTruthy());
  const boxes = () =>
    [".oprs-frame", ".oprs-heatmap", ".oprs-legend", ".oprs-inspector", ".oprs-bar"].map((part) => {
      const { x, y, width, height } = document.querySelector(part)?.getBoundingClientRect() ?? {};
      return [part, x, y, width, height];
    });
  const before = boxes();
  kernel.free();
  const el = await mounting;
  await vi.waitFor(() => expect(find(el, ".oprs-resume").textContent).toBe("▸ Resume 1 run"));
  expect(boxes()).toEqual(before);
  kernel.patch([0, 1], [1, 2], { active: true, total: 1, rate: 1, seconds_left: 9 });
  await vi.waitFor(() => expect(find(el, ".oprs-status").textContent).toContain("0 of 1"));
  find(el, ".oprs-heatmap").dispatchEvent(new KeyboardEvent("keydown", { key: "Enter" }));
  await vi.waitFor(() => expect(find(el, "[role=tab]")).toBeTruthy());
  expect(boxes()).toEqual(before);
});

test("pressing Resume moves nothing, however much there was to say before", async () => {
  const made = experiment("e1", "one", 300, 3, new Uint8Array(900));
  const offered = offering(made, ["answer"], [{ variable: "words", name: "words" }]);
  const obstacle = "Define a task named answer here in the notebook, then come back. ".repeat(4);
  offered.plan = { ...offered.plan, obstacle, task: null };
  const kernel = new FakeKernel([offered]);
  const el = await mount(kernel);
  await vi.waitFor(() => expect(find(el, ".oprs-obstacle").textContent).toBe(obstacle));
  const top = () => find(el, ".oprs-heatmap").getBoundingClientRect().top;
  const before = top();
  kernel.patch([0], [2], { active: true, total: 1 });
  await vi.waitFor(() => expect(el.querySelector(".oprs-obstacle")).toBeNull());
  expect(top()).toBe(before);
});

test.each([1100, 700, 420])(
  "what stands in the way is said without moving the grid, at %d px",
  async (width) => {
    const kernel = new FakeKernel([experiment("e1", "one", 300, 3, new Uint8Array(900))]);
    const el = await mount(kernel, width);
    await vi.waitFor(() => expect(find(el, ".oprs-plan").textContent).toContain("900 runs"));
    await vi.waitFor(() =>
      expect(find(el, ".oprs-selected, .oprs-caption").textContent).toBeTruthy(),
    );
    const top = () => find(el, ".oprs-heatmap").getBoundingClientRect().top;
    const before = top();
    const [made] = kernel.experiments;
    made.plan = { ...made.plan, obstacle: "Task answer is not defined in this notebook." };
    kernel.changed("plan");
    await vi.waitFor(() => expect(find(el, ".oprs-obstacle").textContent).toContain("not defined"));
    expect(top()).toBe(before);
  },
);

test.each([246, 300, 420])("Resume says what it will do, %d px wide", async (width) => {
  const states = new Uint8Array(90).fill(byte("completed")).fill(byte("task_failed"), 0, 36);
  const el = await mount(new FakeKernel([experiment("e1", "one", 30, 3, states)]), width);
  await vi.waitFor(() => expect(find(el, ".oprs-resume").textContent).toBe("▸ Resume 36 runs"));
  const { scrollWidth, clientWidth } = find(el, ".oprs-resume");
  expect(scrollWidth).toBeLessThanOrEqual(clientWidth);
  const [resume, stop] = [".oprs-resume", ".oprs-stop"].map((part) =>
    find(el, part).getBoundingClientRect(),
  );
  expect(resume.top).toBeLessThanOrEqual(stop.top);
  expect(resume.left).toBeLessThan(stop.left + 1);
});

test("at 420 pixels everything is reachable: the list on demand, and nothing is cut at the side", async () => {
  const el = await mount(some(), 420);
  await vi.waitFor(() => expect(find(el, ".oprs-row")).toBeTruthy());
  expect(find(el, ".oprs-row").offsetHeight).toBe(0);
  const top = () => find(el, ".oprs-heatmap").getBoundingClientRect().top;
  const before = top();
  find(el, ".oprs-picker").click();
  await vi.waitFor(() => expect(find(el, ".oprs-row").offsetHeight).toBeGreaterThan(0));
  expect(top(), "it lies over what is below").toBe(before);
  const right = find(el, ".oprs-frame").getBoundingClientRect().right;
  for (const part of [".oprs-row", ".oprs-resume", ".oprs-items", ".oprs-group", ".oprs-heatmap"]) {
    await vi.waitFor(() => expect(find(el, part)).toBeTruthy());
    expect(find(el, part).getBoundingClientRect().right, part).toBeLessThanOrEqual(right);
  }
});

test("the wheel over the list is the notebook's until somebody is in it", async () => {
  const el = await mount(some());
  await vi.waitFor(() => expect(find(el, ".oprs-row")).toBeTruthy());
  const overflow = () => getComputedStyle(find(el, ".oprs-rows")).overflowY;
  expect(overflow()).toBe("hidden");
  find(el, ".oprs-row").focus();
  expect(overflow()).toBe("auto");
});

test("hovering asks for facts, and shows them beside the cell as text", async () => {
  const kernel = some();
  kernel.methods.facts = ({ cell }) => [
    { cell, state: "task_failed", item: "<b>why</b>", error: "KeyError", scores: [], seconds: 2 },
  ];
  const el = await mount(kernel);
  const heatmap = find(el, ".oprs-heatmap");
  const { x, y } = cellCentre(JSON.parse(heatmap.dataset.geometry ?? ""), 500);
  const { left, top } = heatmap.getBoundingClientRect();
  heatmap.dispatchEvent(new PointerEvent("pointermove", { clientX: left + x, clientY: top + y }));
  const tooltip = find(el, ".oprs-tooltip");
  const lines = () => [...tooltip.children].map((line) => line.textContent);
  await vi.waitFor(() =>
    expect(lines()).toEqual([
      "item 166 · trial 2",
      "task failed · KeyError",
      "<b>why</b>",
      "2.0 s",
    ]),
  );
  heatmap.dispatchEvent(new PointerEvent("pointerleave"));
  const asked = kernel.control.sent.filter(({ method }) => method === "facts");
  expect(asked).toHaveLength(1);
});

test("what a server says late moves nothing", async () => {
  const kernel = new FakeKernel([experiment("e1", "one", 300, 3, new Uint8Array(900))], {
    remote: true,
  });
  const el = await mount(kernel);
  await vi.waitFor(() => expect(find(el, ".oprs-row")).toBeTruthy());
  const boxes = () =>
    [".oprs-frame", ".oprs-row", ".oprs-heatmap", ".oprs-inspector"].map((part) => {
      const { x, y, width, height } = find(el, part).getBoundingClientRect();
      return [part, x, y, width, height];
    });
  const before = boxes();
  const waiting = { waiting: 3, refused: 0, words: [], problem: "it is down ".repeat(40) };
  kernel.patch([], [], { undelivered: waiting });
  await vi.waitFor(() => expect(find(el, ".oprs-delivery").textContent).toContain("3 finished"));
  expect(boxes()).toEqual(before);
  kernel.experiments[0].row = { ...kernel.experiments[0].row, done: null, state: "reading" };
  kernel.changed("list");
  await vi.waitFor(() => expect(find(el, ".oprs-row").textContent).toContain("reading…"));
  expect(boxes()).toEqual(before);
});

test("a narrow view stacks its parts and does not overflow", async () => {
  const el = await mount(some(), 480);
  await vi.waitFor(() => expect(find(el, ".oprs-row")).toBeTruthy());
  const bottom = find(el, ".oprs-list").getBoundingClientRect().bottom;
  expect(find(el, ".oprs-main").getBoundingClientRect().top).toBeGreaterThanOrEqual(bottom - 1);
  expect(find(el, ".oprs-frame").scrollWidth).toBeLessThanOrEqual(480);
});

test.each([300, 420, 700, 1100])("how one looks moves nothing, %i px wide", async (width) => {
  const states = new Uint8Array(30_000).fill(byte("completed"));
  states[7] = byte("task_failed");
  const kernel = new FakeKernel([
    experiment("e1", "one", 10_000, 3, states),
    experiment("e2", "another with a long name", 10_000, 3, states.slice()),
  ]);
  let answer = () => {};
  const groups = kernel.methods.groups;
  kernel.methods.groups = (params) => {
    answer = () => {
      kernel.methods.groups = groups;
      kernel.changed("groups");
    };
    return [null, ...groups(params).slice(1)] as never;
  };
  const el = await mount(kernel, width);
  const parts = [
    ".oprs-find",
    ".oprs-legend",
    ".oprs-heatmap",
    ".oprs-troubles",
    ".oprs-inspector",
  ];
  const tops = () => parts.map((part) => find(el, part).getBoundingClientRect().top);
  const shown = (part: string, words: string) =>
    vi.waitFor(() => expect(find(el, part).textContent).toContain(words));
  await shown(".oprs-plan", "metrics");
  await shown(".oprs-progress .oprs-means", "words");
  let before = tops();
  answer();
  await shown(".oprs-troubles", "TimeoutError");
  expect(tops(), "why runs failed").toEqual(before);

  kernel.control.set("rectangles", [[3, 9990, 0, 2]]);
  await shown(".oprs-selected", "words");
  expect(tops(), "selected").toEqual(before);
  kernel.control.set("rectangles", []);

  const choose = async (nth: number, value: string, part: string, words: string) => {
    const select = el.querySelectorAll<HTMLSelectElement>(".oprs-seeing select")[nth];
    await vi.waitFor(() => expect(select.innerHTML).toContain(value));
    select.value = value;
    select.dispatchEvent(new Event("change", { bubbles: true }));
    await shown(part, words);
  };
  await choose(1, "disagreement:score:keywords", ".oprs-caption", "worst first");
  expect(tops(), "sorted").toEqual(before);
  await choose(1, "order", ".oprs-caption", "first");
  await choose(0, "score:words", ".oprs-scale", "no value");
  const grid = parts.indexOf(".oprs-heatmap") + 1;
  expect(tops().slice(0, grid), "coloured: its scale is below the grid").toEqual(
    before.slice(0, grid),
  );
  before = tops();
  await choose(0, "state", ".oprs-caption", "");
  await vi.waitFor(() => expect(el.querySelector(".oprs-scale")).toBeNull());
  expect(tops(), "back to states").toEqual(before);
});

test("a live view hides the output that its picture is, and none that other outputs are in", async () => {
  const kernel = some();
  const own = kernel.control.traits.feed.split(":")[1];
  document.body.innerHTML = `<div class="jp-OutputArea-child"><div class="jp-OutputArea">
    <div class="jp-OutputArea-child" id="view">the view</div>
    <div class="jp-OutputArea-child" id="picture"><p class="oprs-picture-${own}">its picture</p></div>
  </div></div>`;
  await mount(kernel);
  expect(find(document.body, "#view").checkVisibility()).toBe(true);
  expect(find(document.body, "#picture").checkVisibility()).toBe(false);
});

test("beside another widget it has the room that is left, and where nothing has a width one of its own", async () => {
  const el = await mount(some(), 1100);
  const shown = find(el, ".oprs-root").parentElement as HTMLElement;
  shown.style.width = "";
  const box = document.createElement("div");
  document.body.append(box);
  box.append(shown);
  const width = () => shown.getBoundingClientRect().width;
  box.className = "widget-hbox";
  box.style.cssText = "display:flex;width:1000px";
  box.insertAdjacentHTML("afterbegin", '<p style="width:300px;margin:0;flex:none"></p>');
  expect(width()).toBe(700);
  shown.style.width = "500px";
  expect(width(), "or what is asked for").toBe(500);
  shown.style.width = "";
  box.className = "";
  expect(width(), "in any other box").toBeGreaterThanOrEqual(300);
});

test.each([1100, 760, 420])(
  "no name is so long that what is said after it is cut off, at %d px",
  async (width) => {
    const long = "a_metric_without_an_end_".repeat(12);
    const kernel = some();
    const [made] = kernel.experiments;
    made.plan = { ...made.plan, drift: `${long} was scored on the kept runs and is not given` };
    const order = kernel.methods.order;
    kernel.methods.order = (params) => {
      const [answer, ...buffers] = order(params);
      return [{ ...(answer as object), groups: [[long, 300]] }, ...buffers] as never;
    };
    const cell = kernel.methods.cell;
    kernel.methods.cell = (params) => {
      const scores = [{ name: long, value: 0.5, reason: "because it is so", failed: false }];
      return [{ ...(cell(params)[0] as object), scores }] as never;
    };
    const el = await mount(kernel, width);
    await vi.waitFor(() => expect(find(el, ".oprs-plan").textContent).toContain("not given"));
    const plan = find(el, ".oprs-plan");
    expect(plan.scrollWidth, "the plan").toBeLessThanOrEqual(plan.clientWidth);
    const select = el.querySelectorAll<HTMLSelectElement>(".oprs-seeing select")[1];
    await vi.waitFor(() => expect(select.innerHTML).toContain("field:category"));
    select.value = "field:category";
    select.dispatchEvent(new Event("change", { bubbles: true }));
    await vi.waitFor(() => expect(find(el, ".oprs-caption").textContent).toContain(long));
    find(el, ".oprs-heatmap").dispatchEvent(
      new KeyboardEvent("keydown", { key: "n", bubbles: true }),
    );
    await vi.waitFor(() => expect(find(el, ".oprs-inspector .oprs-title code")).toBeTruthy());
    const right = find(el, ".oprs-inspector").getBoundingClientRect().right;
    const [name] = find(el, ".oprs-inspector .oprs-title").children;
    expect(getComputedStyle(name).flexShrink, "a hundredth of a pixel would cut it").toBe("0");
    for (const part of find(el, ".oprs-inspector .oprs-title").children)
      expect(part.getBoundingClientRect().right, part.textContent ?? "").toBeLessThanOrEqual(right);
    expect(find(el, ".oprs-inspector .oprs-title .oprs-quiet").textContent).toContain(
      "task failed",
    );
    const tabs = [...el.querySelectorAll<HTMLElement>("[role=tab]")];
    tabs.find(({ textContent }) => textContent === "Scores")?.click();
    await vi.waitFor(() => expect(find(el, ".oprs-scores").textContent).toContain(long));
    const panel = find(el, ".oprs-panel");
    expect(panel.scrollWidth, "its scores").toBeLessThanOrEqual(panel.clientWidth);
  },
);
