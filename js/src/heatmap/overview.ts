// All cells in a low strip, and on it which of them are in view: a brush to move that with. For more cells than can be
// told apart one by one: a stacked bar for each few pixels shows how many there are of what.
import { whenEnded } from "../ending";
import { coalesced } from "../store";
import { bars } from "./bars";
import type { Layout } from "./layout";
import type { Part } from "./lens";
import { type Palette, pixelsOf } from "./palette";
import type { Ranks } from "./shading";
import type { Shape } from "./shape";
import type { Point } from "./viewport";

export const MANY = 10_000;
const HEIGHT = 22;
const STRETCH = 3;
const CALM = 500;

export class Overview {
  private box = document.createElement("div");
  private canvas = document.createElement("canvas");
  private brush = document.createElement("div");
  private view = this.canvas.getContext("2d");
  private layout: Layout | null = null;
  private shape: Shape | null = null;
  private palette: Palette | null = null;
  private ranks: Ranks | null = null;
  private states: Uint8Array = new Uint8Array(0);
  private soon: () => void;

  /** `move`: to what is to come to the middle, in shares of all. */
  constructor(wrapper: HTMLElement, signal: AbortSignal, move: (to: Point) => void) {
    this.box.className = "oprs-overview";
    this.brush.className = "oprs-brush";
    this.box.setAttribute("aria-hidden", "true");
    this.box.hidden = true;
    this.box.append(this.canvas, this.brush);
    wrapper.after(this.box);
    this.soon = coalesced(() => this.fill(), CALM, signal);
    const follow = (event: PointerEvent) => {
      if (!event.buttons) return;
      const { left, top, width, height } = this.box.getBoundingClientRect();
      move({ x: (event.clientX - left) / width, y: (event.clientY - top) / height });
    };
    const start = (event: PointerEvent) => {
      event.preventDefault();
      this.box.setPointerCapture(event.pointerId);
      follow(event);
    };
    this.box.addEventListener("pointerdown", start, { signal });
    this.box.addEventListener("pointermove", follow, { signal });
    whenEnded(signal, () => this.box.remove());
  }

  /** For these cells as they are folded; with few of them there is none. */
  fit(layout: Layout, shape: Shape): void {
    this.layout = layout;
    this.shape = shape;
    this.box.hidden = shape.cells <= MANY;
    this.box.style.width = `${layout.width}px`;
  }

  colour(palette: Palette, ranks: Ranks): void {
    this.palette = palette;
    this.ranks = ranks;
  }

  /** Counts take their time: what changes is seen a while later. */
  take(states: Uint8Array): void {
    this.states = states;
    this.soon();
  }

  private fill(): void {
    const { view, layout, shape, palette, ranks } = this;
    if (this.box.hidden || !view || !layout || !shape || !palette || !ranks) return;
    const width = Math.ceil(layout.width / STRETCH);
    Object.assign(this.canvas, { width, height: HEIGHT });
    const image = view.createImageData(width, HEIGHT);
    const colours = pixelsOf(palette, ranks, false);
    const drawn = bars(this.states, ranks, shape, layout, width, HEIGHT);
    new Uint32Array(image.data.buffer).set(Uint32Array.from(drawn, (rank) => colours[rank]));
    view.putImageData(image, 0, 0);
  }

  show({ left, top, width, height }: Part): void {
    const share = (of: number) => `${100 * of}%`;
    this.brush.hidden = width >= 1 && height >= 1;
    Object.assign(this.brush.style, {
      left: share(left),
      top: share(top),
      width: share(width),
      height: share(height),
    });
  }
}
