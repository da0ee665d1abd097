// What a pointer means on the grid: look at a cell, select, move what is in view, bring it closer. A plain wheel means
// nothing here: it is the notebook's.
import type { Point } from "../geometry/viewport";

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

export function followPointer(
  wrapper: HTMLElement,
  canvas: HTMLElement,
  signal: AbortSignal,
  on: Gestures,
): void {
  const fingers = new Map<number, Point>();
  let from: Point | null = null;
  let last: Point | null = null;
  let panning = false;
  let moved = false;
  /** Has moved since the last frame. */
  let over: PointerEvent | null = null;
  const hear = <K extends keyof HTMLElementEventMap>(
    name: K,
    heard: (event: HTMLElementEventMap[K]) => void,
  ) => wrapper.addEventListener(name, heard, { signal, passive: false });

  function at({ clientX, clientY }: MouseEvent): Point {
    const { left, top } = canvas.getBoundingClientRect();
    return { x: clientX - left, y: clientY - top };
  }

  /** Once a frame: the handler itself lays nothing out. */
  function hover(event: PointerEvent | null): void {
    if (event && !over) requestAnimationFrame(look);
    over = event;
    if (!event) on.hover(null);
  }

  function look(): void {
    const event = over;
    over = null;
    if (event) on.hover(at(event));
  }

  /** Ends what was begun; a drag came to something only if it says where. */
  function end(to: Point | null, event?: MouseEvent): void {
    if (from && moved && !panning) {
      if (to && event) on.drag(from, to, true, event);
      else on.cancel();
    }
    from = last = null;
  }

  function drag(event: PointerEvent, from: Point, last: Point, to: Point): void {
    if (!moved && Math.hypot(to.x - from.x, to.y - from.y) < STILL) return;
    // Not before it is a drag, as a captured pointer clicks nothing else.
    if (!moved && event.isTrusted) wrapper.setPointerCapture(event.pointerId);
    moved = true;
    hover(null);
    if (!panning) on.drag(from, to, false, event);
    else if (on.isClose()) on.pan(last.x - to.x, last.y - to.y);
  }

  function pinch(event: PointerEvent, to: Point): void {
    moved = true;
    const before = fingers.get(event.pointerId) ?? to;
    fingers.set(event.pointerId, to);
    const [one, two] = [...fingers.values()];
    const other = one === to ? two : one;
    const apart = (point: Point) => Math.max(1, Math.hypot(point.x - other.x, point.y - other.y));
    const middle = { x: (to.x + other.x) / 2, y: (to.y + other.y) / 2 };
    on.zoom(apart(to) / apart(before), middle);
  }

  hear("pointerdown", (event) => {
    moved = false;
    const { button, altKey, pointerType } = event;
    if (button > 1) return;
    fingers.set(event.pointerId, at(event));
    if (fingers.size > 1) return end(null);
    panning = button === 1 || altKey || pointerType === "touch";
    from = last = at(event);
    if (button === 1) event.preventDefault();
  });
  hear("pointermove", (event) => {
    if (fingers.size === 2 && fingers.has(event.pointerId)) return pinch(event, at(event));
    if (!from || !last) return hover(event);
    const to = at(event);
    drag(event, from, last, to);
    if (moved) last = to;
  });
  hear("pointerup", (event) => {
    fingers.delete(event.pointerId);
    end(at(event), event);
  });
  hear("pointercancel", (event) => {
    fingers.delete(event.pointerId);
    end(null);
  });
  hear("pointerleave", () => hover(null));
  hear("click", (event) => {
    // The end of a drag is a click as well.
    if (!moved) on.press(at(event), event);
    moved = false;
  });
  hear("wheel", (event) => {
    const { ctrlKey, metaKey, shiftKey, altKey, deltaX, deltaY } = event;
    if (ctrlKey || metaKey) on.zoom(Math.exp(-deltaY * PER_PIXEL), at(event));
    else if (!on.isClose() || !(shiftKey || altKey)) return;
    else if (altKey) on.pan(deltaX, deltaY);
    else on.pan(deltaX || deltaY, 0);
    event.preventDefault();
  });
}
