// All cells in a low strip, and on it which of them are in view: a brush to move that with. For more cells than can be
// told apart.
import { whenEnded } from "../ending";
import type { Layout } from "./layout";
import type { Part } from "./lens";
import { Painter } from "./painter";
import type { Palette } from "./palette";
import type { Shading } from "./shading";
import type { Shape } from "./shape";
import type { Point } from "./viewport";

export const MANY = 10_000;
const HEIGHT = 22;

export class Overview {
  private box = document.createElement("div");
  private canvas = document.createElement("canvas");
  private brush = document.createElement("div");
  private painter: Painter;

  /** `move`: to what is to come to the middle, in shares of all. */
  constructor(wrapper: HTMLElement, signal: AbortSignal, move: (to: Point) => void) {
    this.box.className = "oprs-overview";
    this.brush.className = "oprs-brush";
    this.box.setAttribute("aria-hidden", "true");
    this.box.hidden = true;
    this.box.append(this.canvas, this.brush);
    wrapper.after(this.box);
    this.painter = new Painter(this.canvas);
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

  get isShown(): boolean {
    return !this.box.hidden;
  }

  /** For these cells as they are folded; with few of them there is none. */
  fit(layout: Layout, shape: Shape, ratio: number): void {
    this.box.hidden = shape.cells <= MANY;
    if (!this.isShown) return;
    this.box.style.width = `${layout.width}px`;
    const cellHeight = HEIGHT / layout.rows;
    const low = { height: HEIGHT, shownHeight: HEIGHT, top: 0, left: 0, gap: 0, cellHeight };
    this.painter.resize({ ...layout, ...low }, shape, ratio);
  }

  colour(palette: Palette, shading: Shading): void {
    this.painter.colour(palette, shading);
  }

  take(states: Uint8Array, changed: Uint32Array | null): void {
    if (this.isShown) this.painter.take(states, changed);
  }

  draw(): void {
    if (this.isShown) this.painter.draw();
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
