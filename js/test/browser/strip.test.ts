import "../../src/style.css";
import { afterEach, expect, test, vi } from "vitest";
import { byte, experiment, FakeKernel } from "../../dev/fake";
import { PALETTES, rgbOf, type Theme } from "../../src/heatmap/drawing/palette";
import widget from "../../src/index";

let ending = new AbortController();
afterEach(() => {
  ending.abort();
  document.body.replaceChildren();
  document.body.removeAttribute("data-jp-theme-light");
});

const SHARES = { first: 0, rarely: 0.015, often: 0.1, half: 0.5 };
const every = (share: number) => Math.round(1 / share);

async function mount(theme: Theme, width: number): Promise<Element[]> {
  document.body.dataset.jpThemeLight = String(theme === "light");
  const made = Object.entries(SHARES).map(([name, share]) => {
    const states = Uint8Array.from({ length: 100_000 }, (_, cell) =>
      byte(share && cell % every(share) === 7 % every(share) ? "task_failed" : "completed"),
    );
    if (!share) states[40_000] = byte("scoring_failed");
    return experiment(name, name, states.length, 1, states);
  });
  const kernel = new FakeKernel(made);
  ending = new AbortController();
  const el = document.createElement("div");
  el.style.width = `${width}px`;
  document.body.append(el);
  await widget.render({ model: kernel.control.as(), el, signal: ending.signal, host: kernel.host });
  await vi.waitFor(() => expect(el.querySelectorAll(".oprs-strip path").length).toBeGreaterThan(7));
  // Where there is no room for the list, it is a drop-down.
  const picker = el.querySelector(".oprs-picker") as HTMLElement;
  if (picker.offsetHeight) picker.click();
  await vi.waitFor(() => expect(el.querySelector(".oprs-strip")?.clientWidth).toBeGreaterThan(0));
  return [...el.querySelectorAll(".oprs-strip")];
}

const DRAWN = ["fill", "stroke", "stroke-width", "vector-effect", "shape-rendering"];

/** How many pixels of this colour, on a ground of the other, its middle line has, and how much of one the strongest is: when
 * the browser draws the strip as large as it is shown. Edges between two pixels count for a part of each. */
async function inkOf(strip: Element, hex: string, ground: string): Promise<[number, number]> {
  const copy = strip.cloneNode(true) as Element;
  for (const [at, path] of [...strip.querySelectorAll("path")].entries()) {
    const style = getComputedStyle(path);
    const given = DRAWN.map((name) => `${name}:${style.getPropertyValue(name)}`).join(";");
    copy.children[at].setAttribute("style", given);
  }
  copy.setAttribute("width", String(strip.clientWidth));
  copy.setAttribute("height", "6");
  const image = new Image();
  image.src = `data:image/svg+xml,${encodeURIComponent(new XMLSerializer().serializeToString(copy))}`;
  await image.decode();
  const canvas = new OffscreenCanvas(image.width, image.height);
  const context = canvas.getContext("2d") as OffscreenCanvasRenderingContext2D;
  context.drawImage(image, 0, 0);
  const { data } = context.getImageData(0, 3, image.width, 1);
  const [from, to] = [rgbOf(ground), rgbOf(hex)];
  const span = to.map((part, at) => part - from[at]);
  const whole = span.reduce((sum, part) => sum + part * part, 0);
  const inks = Array.from({ length: image.width }, (_, x) => {
    const along = span.map((part, at) => part * (data[4 * x + at] - from[at]));
    return along.reduce((sum, part) => sum + part) / whole;
  });
  return [inks.reduce((sum, ink) => sum + ink), Math.max(...inks)];
}

test.each([
  ["light", 1100],
  ["dark", 1100],
  ["light", 388],
] as const)(
  "strips show proportions, and no failure disappears: %s, %i wide",
  async (theme, wide) => {
    const [first, rarely, often, half] = await mount(theme, wide);
    const { task_failed, scoring_failed, completed } = PALETTES[theme].kinds;
    const width = first.clientWidth;
    const [one, strongest] = await inkOf(first, scoring_failed, completed);
    expect(one).toBeGreaterThan(1);
    expect(one).toBeLessThan(2.1);
    expect(strongest).toBeGreaterThan(0.6);
    const [few] = await inkOf(rarely, task_failed, completed);
    expect(few).toBeGreaterThan(12);
    expect(few / width).toBeLessThan(0.085);
    const [many] = await inkOf(often, task_failed, completed);
    expect(many / width).toBeCloseTo(0.1, 1.5);
    const [most] = await inkOf(half, task_failed, completed);
    expect(most / width).toBeCloseTo(0.5, 1.5);
  },
);
