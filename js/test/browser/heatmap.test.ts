import "../../src/style.css";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { byte } from "../../dev/fake";
import { maskOf, PLAIN } from "../../src/heatmap/cells/shading";
import { sorted, unevenShape, uniformShape } from "../../src/heatmap/cells/shape";
import { CellStates, type Kind } from "../../src/heatmap/cells/states";
import { PALETTES, rgbOf, type Theme } from "../../src/heatmap/drawing/palette";
import { colourOf as colourOfValue } from "../../src/heatmap/drawing/scale";
import { cellCentre, Heatmap } from "../../src/heatmap/heatmap";
import { STATES } from "../../src/protocol";

const ALL = [...STATES.map((state) => byte(state)), byte("completed", true)];
const KINDS: Kind[] = [...STATES, "replayed"];

let ending: AbortController;
let wrapper: HTMLElement;
let cells: CellStates;
const inspect = vi.fn();
const wonder = vi.fn();
const select = vi.fn<(cells: Uint8Array | null, how: string) => void>();
const zoomed = vi.fn();

beforeEach(() => {
  ending = new AbortController();
  cells = new CellStates();
  inspect.mockReset();
  const root = document.createElement("div");
  root.className = "oprs-root";
  wrapper = document.createElement("div");
  wrapper.className = "oprs-heatmap";
  wrapper.tabIndex = 0;
  wrapper.style.width = "726px";
  root.append(wrapper);
  document.body.append(root);
});
afterEach(() => {
  ending.abort();
  document.body.replaceChildren();
});

function make(theme: Theme = "light"): Heatmap {
  const options = {
    cells,
    palette: PALETTES[theme],
    id: "cell",
    signal: ending.signal,
    keys: wrapper,
    inspect,
    wonder,
    select,
    zoomed,
  };
  return new Heatmap(wrapper, options);
}

const frame = () => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
const geometry = () => JSON.parse(wrapper.dataset.geometry ?? "null");

/** The colour at a point of the canvas, in CSS pixels. */
function colourAt(x: number, y: number): number[] {
  const canvas = wrapper.querySelector("canvas") as HTMLCanvasElement;
  const context = canvas.getContext("2d") as CanvasRenderingContext2D;
  return [...context.getImageData(x * devicePixelRatio, y * devicePixelRatio, 1, 1).data];
}

/** Near a corner of the cell, clear of its mark. */
function colourOf(cell: number): number[] {
  const { x, y } = cellCentre(geometry(), cell);
  const { cellWidth, cellHeight } = geometry();
  const aside = cellWidth >= 6 && cellHeight >= 6;
  return colourAt(x - (aside ? cellWidth / 2 - 1.5 : 0), y - (aside ? cellHeight / 2 - 1.5 : 0));
}

const opaque = (hex: string) => [...rgbOf(hex), 255];
/** The pixel in the middle of what is drawn: the gap lies right and below. */
const centre = (cell: number) => {
  const { x, y } = cellCentre(geometry(), cell);
  const half = geometry().cellWidth >= 4 ? 0.5 : 0;
  return colourAt(x - half, y - half);
};

describe("real pixels", () => {
  test.each(["light", "dark"] as const)("every state has its colour, %s", async (theme) => {
    cells.replace(
      uniformShape(9, 3),
      Uint8Array.from({ length: 27 }, (_, at) => ALL[at % 9]),
    );
    make(theme);
    await frame();
    KINDS.forEach((kind, at) => {
      expect(colourOf(at), kind).toEqual(opaque(PALETTES[theme].kinds[kind]));
    });
  });

  test("troubled cells carry marks that tell them apart without hue", async () => {
    cells.replace(uniformShape(9, 1), Uint8Array.from(ALL));
    make();
    await frame();
    const marked = KINDS.filter((kind, at) => {
      return centre(at).join() !== opaque(PALETTES.light.kinds[kind]).join();
    });
    expect(marked).toEqual(["scores_missing", "task_failed", "scoring_failed"]);
    // Of the two diagonals a cross has both, a stroke one.
    const { x, y } = cellCentre(geometry(), byte("scoring_failed"));
    expect(colourAt(x - 2.5, y - 3)).toEqual(opaque(PALETTES.light.kinds.scoring_failed));
    expect(colourAt(x - 2.5, y + 2)).not.toEqual(opaque(PALETTES.light.kinds.scoring_failed));
  });

  test("gaps and missing trials are left empty", async () => {
    cells.replace(unevenShape([1, 3]), new Uint8Array(4).fill(byte("completed")));
    make();
    await frame();
    const { cellWidth, cellHeight, left, top } = geometry();
    const [x, y] = [left + cellWidth, top + cellHeight / 2];
    expect(colourAt(x + cellWidth / 2, y)).toEqual([0, 0, 0, 0]);
    expect(colourAt(x - 0.5, y)).toEqual([0, 0, 0, 0]);
    expect(colourOf(3)).toEqual(opaque(PALETTES.light.kinds.completed));
  });

  test("a patch repaints its cells and no other", async () => {
    cells.replace(uniformShape(300, 3), new Uint8Array(900).fill(byte("never_run")));
    make();
    await frame();
    cells.apply(Uint32Array.of(7, 500), Uint8Array.of(byte("completed", true), byte("running")));
    await frame();
    expect(colourOf(7)).toEqual(opaque(PALETTES.light.kinds.replayed));
    expect(colourOf(500)).toEqual(opaque(PALETTES.light.kinds.running));
    for (const cell of [0, 6, 8, 499, 501, 899]) {
      expect(colourOf(cell)).toEqual(opaque(PALETTES.light.kinds.never_run));
    }
  });

  test("a mark goes when its cell is mended", async () => {
    cells.replace(uniformShape(30, 1), new Uint8Array(30).fill(byte("task_failed")));
    make();
    await frame();
    cells.apply(Uint32Array.of(4), Uint8Array.of(byte("completed")));
    await frame();
    expect(centre(4)).toEqual(opaque(PALETTES.light.kinds.completed));
    expect(centre(5)).toEqual(opaque(PALETTES.light.mark));
  });

  test("below a pixel a cell the worst is seen, and what is mended goes", async () => {
    const many = new Uint8Array(1_000_000).fill(byte("completed"));
    many[654_321] = byte("task_failed");
    cells.replace(uniformShape(1_000_000, 1), many);
    make();
    await frame();
    expect(centre(654_321)).toEqual(opaque(PALETTES.light.kinds.task_failed));
    cells.apply(Uint32Array.of(654_321), Uint8Array.of(byte("completed", true)));
    await frame();
    expect(centre(654_321)).toEqual(opaque(PALETTES.light.kinds.replayed));
  });

  test("cells of a few pixels have neither gaps nor marks", async () => {
    cells.replace(uniformShape(20_000, 1), new Uint8Array(20_000).fill(byte("task_failed")));
    make();
    await frame();
    for (const cell of [0, 1, 9_999, 19_999]) {
      expect(centre(cell)).toEqual(opaque(PALETTES.light.kinds.task_failed));
    }
  });

  test("a change of theme repaints", async () => {
    cells.replace(uniformShape(9, 1), Uint8Array.from(ALL));
    make().recolour(PALETTES.dark, PLAIN);
    await frame();
    expect(colourOf(byte("completed"))).toEqual(opaque(PALETTES.dark.kinds.completed));
  });

  test("a change of width folds anew", async () => {
    cells.replace(uniformShape(300, 3), new Uint8Array(900).fill(byte("completed")));
    make();
    await frame();
    const before = geometry();
    wrapper.style.width = "400px";
    await vi.waitFor(() => expect(geometry()).not.toEqual(before));
    await frame();
    expect(colourOf(899)).toEqual(opaque(PALETTES.light.kinds.completed));
  });

  test("a heatmap out of sight is painted whole when it comes back", async () => {
    cells.replace(uniformShape(300, 3), new Uint8Array(900));
    make();
    await frame();
    wrapper.style.display = "none";
    await frame();
    cells.apply(Uint32Array.of(3), Uint8Array.of(byte("running")));
    await frame();
    wrapper.style.display = "";
    await vi.waitFor(() => expect(colourOf(3)).toEqual(opaque(PALETTES.light.kinds.running)));
  });

  test("after its end nothing is painted", async () => {
    cells.replace(uniformShape(9, 1), new Uint8Array(9));
    make();
    await frame();
    ending.abort();
    cells.apply(Uint32Array.of(3), Uint8Array.of(byte("running")));
    await frame();
    expect(colourOf(3)).toEqual(opaque(PALETTES.light.kinds.never_run));
  });
});

describe("marks, values and orders", () => {
  const back = PALETTES.light.kinds;
  const nothing = new Set<Kind>();

  test("what is not marked is dimmed, live", async () => {
    const some = new Uint8Array(90).fill(byte("completed"));
    some[5] = byte("task_failed");
    cells.replace(uniformShape(30, 3), some);
    const marking = { cells: maskOf(Uint32Array.of(5, 7), 90), kinds: nothing };
    const kinds = new Set<Kind>(["running"]);
    const heatmap = make();
    heatmap.recolour(PALETTES.light, { marking, plane: null });
    await frame();
    expect(colourOf(5)).toEqual(opaque(back.task_failed));
    expect(colourOf(7)).toEqual(opaque(back.completed));
    expect(colourOf(6)[3]).toBeLessThan(100);
    heatmap.recolour(PALETTES.light, { marking: { cells: null, kinds }, plane: null });
    await frame();
    expect(colourOf(6)[3]).toBeLessThan(100);
    cells.apply(Uint32Array.of(6), Uint8Array.of(byte("running")));
    await frame();
    expect(colourOf(6)).toEqual(opaque(back.running));
    expect(colourOf(5)[3]).toBeLessThan(100);
  });

  test("a missing value is an outline, never a colour of the scale", async () => {
    cells.replace(uniformShape(9, 1), new Uint8Array(9).fill(byte("completed")));
    cells.apply(Uint32Array.of(8), Uint8Array.of(byte("never_run")));
    const values = Uint8Array.of(0, 127, 254, 255, 255, 255, 255, 255, 255);
    make().recolour(PALETTES.light, { marking: PLAIN.marking, plane: { values, worst: "low" } });
    await frame();
    expect(colourOf(0)).toEqual([...colourOfValue(0), 255]);
    expect(colourOf(1)).toEqual([...colourOfValue(127), 255]);
    expect(colourOf(2)).toEqual([...colourOfValue(254), 255]);
    const { x, y } = cellCentre(geometry(), 3);
    expect(colourAt(x, y)[3]).toBe(0);
    expect(colourOf(8)).toEqual(opaque(back.never_run));
  });

  test("items are drawn, found and walked in another order", async () => {
    cells.replace(uniformShape(40, 3), new Uint8Array(120).fill(byte("completed")));
    cells.sort(Uint32Array.from({ length: 40 }, (_, item) => 39 - item));
    make();
    cells.apply(Uint32Array.of(0), Uint8Array.of(byte("task_failed")));
    await frame();
    expect(cells.shape).toMatchObject(sorted(uniformShape(40, 3), cells.shape.order));
    expect(colourOf(0)).toEqual(opaque(back.task_failed));
    const { left, top } = (wrapper.querySelector("canvas") as Element).getBoundingClientRect();
    const { x, y } = cellCentre(geometry(), 0);
    expect(y).toBeGreaterThan(0);
    const event = { clientX: left + x, clientY: top + y, bubbles: true };
    wrapper.dispatchEvent(new MouseEvent("click", event));
    expect(inspect).toHaveBeenLastCalledWith(0);
    // A key frame of the same cells does not undo it.
    cells.replace(uniformShape(40, 3), new Uint8Array(120).fill(byte("completed")));
    expect(cells.shape.order).not.toBeNull();
  });

  test("groups have names beside their rows and a line between them, also of items with one trial", async () => {
    cells.replace(uniformShape(24, 1), new Uint8Array(24).fill(byte("completed")));
    const groups = { names: ["code", "<b>"], starts: Uint32Array.of(0, 1, 24) };
    cells.sort(
      Uint32Array.from({ length: 24 }, (_, place) => (place + 5) % 24),
      groups,
    );
    make();
    await frame();
    const { left, cellWidth, cellHeight, rows } = geometry();
    expect(left).toBeGreaterThan(20);
    expect(rows).toBeGreaterThan(2);
    const inked = (place: number) => {
      const [x, y] = [Math.floor(place / rows) * (left + cellWidth), (place % rows) * cellHeight];
      return [...Array(Math.floor(left - 4)).keys()].some((dx) =>
        [0, 3].some((dy) => colourAt(x + dx, y + cellHeight / 2 + dy)[3] > 0),
      );
    };
    const begins = (place: number) => place % rows === 0 || place === 1;
    for (let place = 0; place < 24; place++) expect(inked(place), `${place}`).toBe(begins(place));
    expect(colourOf(0)).toEqual(opaque(back.completed));
    expect(cells.label(0)).toBe("item 0 · trial 0 · <b>");
    const below = (item: number) => {
      const { x, y } = cellCentre(geometry(), item);
      return colourAt(x, y + cellHeight / 2 - 0.5)[3];
    };
    expect(below(5)).toBeGreaterThan(0); // the last of its group, and item 6 is below it
    expect(below(6)).toBe(0);
    // A press on a name selects its group, as g does; beside it there is nothing.
    const chosen = () =>
      select.mock.calls.at(-1)?.[0]?.reduce((sum: number, is: number) => sum + is);
    const corner = (wrapper.querySelector("canvas") as Element).getBoundingClientRect();
    const click = (row: number) => {
      const [clientX, clientY] = [corner.left + left - 8, corner.top + (row + 0.5) * cellHeight];
      wrapper.dispatchEvent(new MouseEvent("click", { clientX, clientY, bubbles: true }));
    };
    click(1);
    expect(chosen()).toBe(23);
    click(0);
    expect(chosen()).toBe(1);
    click(2);
    expect(chosen()).toBe(1);
    wrapper.dispatchEvent(new KeyboardEvent("keydown", { key: "g", bubbles: true }));
    expect(chosen()).toBe(23); // the cursor is on item 0
    cells.sort(null);
    await frame();
    expect(geometry().left).toBe(0);
    expect(cells.label(0)).toBe("item 0 · trial 0");
  });

  test("a few cells take little room, and many no more than there is", async () => {
    cells.replace(uniformShape(12, 1), new Uint8Array(12));
    make();
    await frame();
    expect(wrapper.offsetHeight).toBe(30);
    cells.replace(uniformShape(294, 3), new Uint8Array(882));
    await frame();
    expect(wrapper.offsetHeight).toBeGreaterThan(150);
    expect(wrapper.offsetHeight).toBeLessThanOrEqual(220);
  });
});

describe("closer and selected", () => {
  const pointer = (type: string, cell: number, more: PointerEventInit = {}) => {
    const { left, top } = (wrapper.querySelector("canvas") as Element).getBoundingClientRect();
    const { x, y } = cellCentre(geometry(), cell);
    const init = { clientX: left + x, clientY: top + y, bubbles: true, cancelable: true, ...more };
    wrapper.dispatchEvent(new PointerEvent(type, { pointerId: 1, isPrimary: true, ...init }));
  };
  const press = (key: string, more: KeyboardEventInit = {}) =>
    wrapper.dispatchEvent(
      new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true, ...more }),
    );
  const chosen = () => {
    const mask = select.mock.calls.at(-1)?.[0];
    return mask && [...mask.keys()].filter((cell) => mask[cell]);
  };
  const overview = () => document.querySelector(".oprs-overview") as HTMLElement;
  const brush = () => document.querySelector(".oprs-brush") as HTMLElement;
  let heatmap: Heatmap;

  beforeEach(async () => {
    select.mockReset();
    cells.replace(uniformShape(300, 3), new Uint8Array(900).fill(byte("completed")));
    heatmap = make();
    await frame();
  });

  test("a drag selects what it touches and nothing is inspected; with Control it is added", () => {
    const { rows } = geometry();
    pointer("pointerdown", 0);
    pointer("pointermove", 4);
    const band = wrapper.querySelector(".oprs-band") as HTMLElement;
    expect(band.hidden).toBe(false);
    pointer("pointerup", 4);
    pointer("click", 4);
    expect(band.hidden).toBe(true);
    expect(chosen()).toEqual([0, 1, 3, 4]);
    expect(inspect).not.toHaveBeenCalled();
    pointer("pointerdown", 2);
    pointer("pointermove", 3 * rows, { ctrlKey: true });
    pointer("pointerup", 3 * rows, { ctrlKey: true });
    expect(chosen()).toEqual([2, 3 * rows]); // into the block beside
    expect(select.mock.calls.at(-1)?.[1]).toBe("with");
    pointer("pointerdown", 8);
    pointer("click", 8);
    expect(inspect).toHaveBeenCalledExactlyOnceWith(8);
  });

  test("clicks with keys, on numbers, and keys alone select", () => {
    pointer("click", 30);
    pointer("click", 40, { shiftKey: true });
    expect(chosen()).toEqual([30, 31, 33, 34, 36, 37, 39, 40]);
    pointer("click", 50, { ctrlKey: true });
    expect([chosen(), select.mock.calls.at(-1)?.[1]]).toEqual([[50], "toggle"]);
    pointer("click", 4, { clientY: wrapper.getBoundingClientRect().top + 4 });
    expect(chosen()?.slice(0, 3)).toEqual([1, 4, 7]); // trial 1 of all items
    pointer("click", 30);
    press("ArrowDown", { shiftKey: true });
    press("ArrowRight", { shiftKey: true });
    expect(chosen()).toEqual([30, 31, 33, 34]);
    press(" ", { shiftKey: true });
    expect(chosen()).toEqual([33, 34, 35]);
    press(" ", { ctrlKey: true });
    expect(chosen()).toHaveLength(300);
    press("a", { ctrlKey: true });
    expect(chosen()).toHaveLength(900);
  });

  test("what a filter dims is not selected; Escape gives up the selection before the grid", async () => {
    cells.apply(Uint32Array.of(5, 7), Uint8Array.of(5, 5));
    const marking = { cells: null, kinds: new Set<Kind>(["task_failed"]) };
    heatmap.recolour(PALETTES.light, { marking, plane: null });
    press("a", { metaKey: true });
    expect(chosen()).toEqual([5, 7]);
    wrapper.focus();
    const selected = maskOf(Uint32Array.of(5, 6), 900);
    heatmap.recolour(PALETTES.light, { ...PLAIN, selected });
    press("Escape");
    expect(select).toHaveBeenLastCalledWith(null, "instead");
    expect(document.activeElement).toBe(wrapper);
  });

  test("what is selected has an edge, and the rest is dimmed", async () => {
    const selected = maskOf(Uint32Array.of(4, 5, 7, 8), 900);
    heatmap.recolour(PALETTES.light, { ...PLAIN, selected });
    await frame();
    const { x, y } = cellCentre(geometry(), 4);
    const { cellWidth, cellHeight } = geometry();
    const completed = opaque(PALETTES.light.kinds.completed);
    expect(colourAt(x, y)).toEqual(completed);
    expect(colourAt(x, y - cellHeight / 2 + 0.5)).not.toEqual(completed); // above it
    expect(colourAt(x - cellWidth / 2 + 0.5, y)).not.toEqual(completed); // left of it
    expect(colourAt(x, y + cellHeight / 2 - 2)).toEqual(completed); // within
    expect(colourAt(x, y - cellHeight)[3]).toBeLessThan(100);
    // And when the cell beside it changes.
    cells.apply(Uint32Array.of(1), Uint8Array.of(byte("running")));
    await frame();
    expect(colourAt(x, y - cellHeight / 2 + 0.5)).not.toEqual(completed);
  });

  test("comes closer by keys and the wheel with Control, under the pointer, in the same room", async () => {
    const { height } = wrapper.getBoundingClientRect();
    const before = geometry();
    press("+");
    await frame();
    expect(geometry().cellWidth).toBeGreaterThan(before.cellWidth);
    expect(wrapper.getBoundingClientRect().height).toBe(height);
    expect(zoomed).toHaveBeenLastCalledWith(1.5, expect.any(Number));
    press("0");
    expect(geometry()).toEqual(before);

    const { x, y } = cellCentre(before, 450);
    const { left, top } = (wrapper.querySelector("canvas") as Element).getBoundingClientRect();
    const at = { clientX: left + x, clientY: top + y, bubbles: true, cancelable: true };
    const wheel = (more: WheelEventInit) => {
      const event = new WheelEvent("wheel", { ...at, deltaY: -300, ...more });
      wrapper.dispatchEvent(event);
      return event.defaultPrevented;
    };
    expect(wheel({})).toBe(false); // the notebook's
    expect(wheel({ shiftKey: true })).toBe(false);
    expect(geometry()).toEqual(before);
    expect(wheel({ ctrlKey: true })).toBe(true);
    const near = cellCentre(geometry(), 450);
    expect(Math.abs(near.x - x)).toBeLessThan(geometry().cellWidth);
    expect(Math.abs(near.y - y)).toBeLessThan(geometry().cellHeight);
    expect(wheel({})).toBe(false);
    expect(wheel({ altKey: true })).toBe(true);
    await frame();
    cells.apply(Uint32Array.of(450), Uint8Array.of(byte("running")));
    await frame();
    heatmap.pick(450);
    press("ArrowDown");
    press("ArrowUp"); // revealed
    await frame();
    expect(colourOf(450)).toEqual(opaque(PALETTES.light.kinds.running));
  });

  test("two fingers pinch, and one moves what is close", () => {
    const touch = { pointerType: "touch" };
    const before = geometry();
    pointer("pointerdown", 400, touch);
    pointer("pointerdown", 430, { ...touch, pointerId: 2 });
    pointer("pointermove", 800, { ...touch, pointerId: 2 });
    pointer("pointerup", 800, { ...touch, pointerId: 2 });
    pointer("pointerup", 400, touch);
    const close = geometry();
    expect(close.cellWidth).toBeGreaterThan(before.cellWidth);
    heatmap.zoomTo(3);
    const { left } = geometry();
    pointer("pointerdown", 400, touch);
    pointer("pointermove", 400, { ...touch, clientX: 200 });
    pointer("pointermove", 400, { ...touch, clientX: 100 });
    pointer("pointerup", 400, { ...touch, clientX: 100 });
    expect(geometry().left).not.toBe(left);
    expect(select).not.toHaveBeenCalled();
  });

  test.each([30_000, 1_000_000])(
    "what is selected of %i cells has an edge around it, as long as that hides little",
    async (many) => {
      cells.replace(uniformShape(many, 1), new Uint8Array(many).fill(byte("completed")));
      const loud = getComputedStyle(wrapper).color.match(/\d+/g)?.map(Number).concat(255);
      const middle = Math.round(many / 2);
      heatmap.recolour(PALETTES.light, {
        ...PLAIN,
        selected: maskOf(Uint32Array.of(middle), many),
      });
      await frame();
      const { x, y } = cellCentre(geometry(), middle);
      const beside = Math.max(1, geometry().cellWidth / 2 + 0.5);
      expect(colourAt(x, y)).toEqual(opaque(PALETTES.light.kinds.completed));
      for (const side of [-1, 1]) expect(colourAt(x + side * beside, y)).toEqual(loud);
      cells.apply(Uint32Array.of(middle), Uint8Array.of(byte("task_failed")));
      await frame();
      expect(colourAt(x, y)).toEqual(opaque(PALETTES.light.kinds.task_failed));
      for (const side of [-1, 1]) expect(colourAt(x + side * beside, y)).toEqual(loud);
      const scattered = Uint8Array.from({ length: many }, (_, cell) => Number(cell % 5 === 0));
      heatmap.recolour(PALETTES.light, { ...PLAIN, selected: scattered });
      await frame();
      expect(colourAt(x + beside, y)).not.toEqual(loud);
    },
  );

  test("many have shares of what they are below them, and changes get there", async () => {
    const states = Uint8Array.from({ length: 30_000 }, (_, cell) =>
      byte(cell < 15_000 && cell % 200 === 0 ? "task_failed" : "completed"),
    );
    cells.replace(uniformShape(30_000, 1), states);
    await frame();
    const canvas = overview().querySelector("canvas") as HTMLCanvasElement;
    const context = canvas.getContext("2d") as CanvasRenderingContext2D;
    const at = (along: number, down: number) => {
      const [x, y] = [along * canvas.width, down * canvas.height];
      return [...context.getImageData(Math.floor(x), Math.floor(y), 1, 1).data];
    };
    await vi.waitFor(() => expect(at(0.2, 0.99)).toEqual(opaque(PALETTES.light.kinds.task_failed)));
    expect(at(0.2, 0.5)).toEqual(opaque(PALETTES.light.kinds.completed));
    expect(at(0.7, 0.99)).toEqual(opaque(PALETTES.light.kinds.completed));
    cells.apply(Uint32Array.of(21_000), Uint8Array.of(byte("scoring_failed")));
    await vi.waitFor(() =>
      expect(at(0.7, 0.99)).toEqual(opaque(PALETTES.light.kinds.scoring_failed)),
    );
  });

  test("many have a brush, which moves what is in view", async () => {
    expect(overview().hidden).toBe(true);
    cells.replace(uniformShape(30_000, 1), new Uint8Array(30_000).fill(byte("completed")));
    await frame();
    expect(overview().hidden).toBe(false);
    expect(brush().hidden).toBe(true); // all is in view
    heatmap.zoomTo(4);
    expect(brush().hidden).toBe(false);
    expect(Number.parseFloat(brush().style.width)).toBeCloseTo(25, 0);
    const { x, width, y, height } = overview().getBoundingClientRect();
    const to = { clientX: x + width * 0.99, clientY: y + height / 2, buttons: 1, bubbles: true };
    overview().dispatchEvent(new PointerEvent("pointermove", to));
    const right = Number.parseFloat(brush().style.left) + Number.parseFloat(brush().style.width);
    expect(right).toBeCloseTo(100, 0);
    heatmap.zoomTo(1);
    expect(brush().hidden).toBe(true);
  });
});

describe("pointer and keys", () => {
  const at = (cell: number): MouseEventInit => {
    const { left, top } = (wrapper.querySelector("canvas") as Element).getBoundingClientRect();
    const { x, y } = cellCentre(geometry(), cell);
    return { clientX: left + x, clientY: top + y, bubbles: true };
  };
  const press = (key: string) => {
    const event = new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true });
    wrapper.dispatchEvent(event);
    return event;
  };
  const spoken = () => wrapper.querySelector("[role=gridcell]")?.textContent;

  beforeEach(async () => {
    const some = new Uint8Array(900).fill(byte("completed"));
    some[500] = byte("task_failed");
    cells.replace(uniformShape(300, 3), some);
    make();
    await frame();
  });

  test("a click inspects the cell under it", () => {
    wrapper.dispatchEvent(new MouseEvent("click", at(500)));
    expect(inspect).toHaveBeenCalledExactlyOnceWith(500);
  });

  test("hovering tells the cell, and follows its state", async () => {
    const moves = [at(100), at(500)].map((place) => new PointerEvent("pointermove", place));
    const canvas = wrapper.querySelector("canvas") as HTMLElement;
    const measured = vi.spyOn(canvas, "getBoundingClientRect");
    for (const move of moves) wrapper.dispatchEvent(move);
    const tooltip = wrapper.querySelector(".oprs-tooltip") as HTMLElement;
    expect(measured, "the handler has nothing laid out").not.toHaveBeenCalled();
    await frame();
    expect(measured, "once a frame").toHaveBeenCalledOnce();
    expect(tooltip.hidden).toBe(false);
    expect(tooltip.textContent).toBe("item 166 · trial 2task failed");
    cells.apply(Uint32Array.of(500), Uint8Array.of(byte("running")));
    expect(tooltip.textContent).toBe("item 166 · trial 2running");
    wrapper.dispatchEvent(new PointerEvent("pointermove", at(100)));
    wrapper.dispatchEvent(new PointerEvent("pointerleave"));
    expect(tooltip.hidden).toBe(true);
    await frame();
    expect(tooltip.hidden, "it has left before the frame").toBe(true);
  });

  test("the tooltip is on the side with more room, beside its cell", async () => {
    const tooltip = wrapper.querySelector(".oprs-tooltip") as HTMLElement;
    const box = () => tooltip.getBoundingClientRect();
    const { left, right } = wrapper.getBoundingClientRect();
    for (const cell of [0, 440, 899]) {
      const event = at(cell);
      wrapper.dispatchEvent(new PointerEvent("pointermove", event));
      await frame();
      const pointer = event.clientX ?? 0;
      const onTheRight = pointer <= (left + right) / 2;
      const apart = onTheRight ? box().left - pointer : pointer - box().right;
      expect(apart).toBeGreaterThan(0);
      expect(apart).toBeLessThan(40);
      expect(box().left).toBeGreaterThanOrEqual(left);
      expect(box().right).toBeLessThanOrEqual(right);
    }
  });

  test("a click between a key frame and its painting meets the cells that are there now", async () => {
    const event = at(500);
    const before = geometry();
    cells.replace(uniformShape(40, 1), new Uint8Array(40).fill(byte("completed")));
    wrapper.dispatchEvent(new MouseEvent("click", event));
    const clicked = inspect.mock.calls.at(-1)?.[0];
    expect(geometry()).not.toEqual(before);
    await frame();
    inspect.mockReset();
    wrapper.dispatchEvent(new MouseEvent("click", event));
    expect(inspect.mock.calls.at(-1)?.[0]).toBe(clicked);
  });

  test("keys move the cursor, which is read aloud, and are kept from the host", () => {
    const heard = vi.fn();
    document.addEventListener("keydown", heard, { signal: ending.signal });
    expect(press("n").defaultPrevented).toBe(true);
    expect(spoken()).toBe("item 166 · trial 2: task failed");
    expect(inspect).toHaveBeenCalledExactlyOnceWith(500); // shown at once
    expect(wrapper.getAttribute("aria-activedescendant")).toBe("cell");
    press("Enter");
    expect(inspect).toHaveBeenCalledWith(500);
    expect(heard).not.toHaveBeenCalled();
    press("x");
    expect(heard).toHaveBeenCalledOnce();
  });

  test("the cursor is ringed while the keyboard is on the grid, and Escape leaves to the holder", () => {
    const holder = document.body.firstElementChild as HTMLElement;
    holder.tabIndex = -1;
    wrapper.focus();
    press("ArrowDown");
    const ring = wrapper.querySelector(".oprs-cursor") as HTMLElement;
    expect(ring.hidden).toBe(false);
    wrapper.dispatchEvent(new PointerEvent("pointerdown"));
    expect(ring.hidden).toBe(true);
    press("ArrowDown");
    expect(ring.hidden).toBe(false);
    press("Escape");
    expect(document.activeElement).toBe(holder);
    expect(ring.hidden).toBe(true);
  });
});
