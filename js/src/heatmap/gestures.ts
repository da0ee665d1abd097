// What a pointer means on the grid: look at a cell, select, move what is in view, bring it closer. A plain wheel means
// nothing here: it is the notebook's.
import type { Point } from "./viewport";

/** Farther than this from where it began, a press is no click any more. */
const STILL = 4;
const PER_PIXEL = 0.0022;

export interface Gestures {
  hover(at: Point | null): void;
  press(at: Point, event: MouseEvent): void;
  /** From one place to another; `over` when it has ended. */
  drag(from: Point, to: Point, over: boolean, event: MouseEvent): void;
  /** A drag came to nothing. */
  cancel(): void;
  pan(x: number, y: number): void;
  /** Whether there is something to pan: a finger does that then. */
  isClose(): boolean;
  zoom(by: number, at: Point): void;
}

type Mode = "select" | "pan";

export class Pointer {
  private fingers = new Map<number, Point>();
  private from: Point | null = null;
  private last: Point | null = null;
  private mode: Mode = "select";
  private moved = false;

  constructor(
    private wrapper: HTMLElement,
    private canvas: HTMLElement,
    signal: AbortSignal,
    private on: Gestures,
  ) {
    const hear = <K extends keyof HTMLElementEventMap>(
      name: K,
      heard: (event: HTMLElementEventMap[K]) => void,
    ) => wrapper.addEventListener(name, heard, { signal, passive: false });
    hear("pointerdown", (event) => this.down(event));
    hear("pointermove", (event) => this.move(event));
    hear("pointerup", (event) => this.up(event));
    hear("pointercancel", (event) => this.lost(event));
    hear("pointerleave", () => on.hover(null));
    hear("click", (event) => this.click(event));
    hear("wheel", (event) => this.wheel(event));
  }

  private at({ clientX, clientY }: MouseEvent): Point {
    const { left, top } = this.canvas.getBoundingClientRect();
    return { x: clientX - left, y: clientY - top };
  }

  private down(event: PointerEvent): void {
    this.moved = false;
    if (event.button > 1) return;
    this.fingers.set(event.pointerId, this.at(event));
    if (this.fingers.size > 1) {
      this.forget();
      return;
    }
    const panning = event.button === 1 || event.altKey || event.pointerType === "touch";
    this.mode = panning ? "pan" : "select";
    this.from = this.last = this.at(event);
    if (event.button === 1) event.preventDefault();
  }

  private move(event: PointerEvent): void {
    const to = this.at(event);
    const { from, last, on } = this;
    if (this.fingers.size === 2 && this.fingers.has(event.pointerId)) this.pinch(event, to);
    else if (!from || !last) on.hover(to);
    else this.dragged(event, from, last, to);
  }

  private dragged(event: PointerEvent, from: Point, last: Point, to: Point): void {
    const { on } = this;
    if (!this.moved && Math.hypot(to.x - from.x, to.y - from.y) < STILL) return;
    // Not before it is a drag, as a captured pointer clicks nothing else.
    if (!this.moved && event.isTrusted) this.wrapper.setPointerCapture(event.pointerId);
    this.moved = true;
    on.hover(null);
    if (this.mode === "select") on.drag(from, to, false, event);
    else if (on.isClose()) on.pan(last.x - to.x, last.y - to.y);
    this.last = to;
  }

  private pinch(event: PointerEvent, to: Point): void {
    this.moved = true;
    const before = this.fingers.get(event.pointerId) ?? to;
    this.fingers.set(event.pointerId, to);
    const [one, two] = [...this.fingers.values()];
    const other = one === to ? two : one;
    const apart = (point: Point) => Math.max(1, Math.hypot(point.x - other.x, point.y - other.y));
    const middle = { x: (to.x + other.x) / 2, y: (to.y + other.y) / 2 };
    this.on.zoom(apart(to) / apart(before), middle);
  }

  private up(event: PointerEvent): void {
    this.fingers.delete(event.pointerId);
    const { from, moved, mode } = this;
    this.from = this.last = null;
    if (from && moved && mode === "select") this.on.drag(from, this.at(event), true, event);
  }

  private lost(event: PointerEvent): void {
    this.fingers.delete(event.pointerId);
    this.forget();
  }

  private forget(): void {
    if (this.from && this.moved && this.mode === "select") this.on.cancel();
    this.from = this.last = null;
  }

  private click(event: MouseEvent): void {
    // The end of a drag is a click as well.
    if (!this.moved) this.on.press(this.at(event), event);
    this.moved = false;
  }

  private wheel(event: WheelEvent): void {
    const { on } = this;
    const { ctrlKey, metaKey, shiftKey, altKey, deltaX, deltaY } = event;
    if (ctrlKey || metaKey) on.zoom(Math.exp(-deltaY * PER_PIXEL), this.at(event));
    else if (!on.isClose() || !(shiftKey || altKey)) return;
    else if (altKey) on.pan(deltaX, deltaY);
    else on.pan(deltaX || deltaY, 0);
    event.preventDefault();
  }
}
