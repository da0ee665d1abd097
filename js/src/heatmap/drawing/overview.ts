// All cells in a low strip, and on it which of them are in view: a brush to move that with. For more cells than can be
// told apart one by one: a stacked bar for each few pixels shows how many there are of what.
import { whenEnded } from "../../base/ending";
import { coalesced } from "../../base/store";
import type { CellStates } from "../cells/states";
import type { Layout } from "../geometry/layout";
import type { Part } from "../geometry/lens";
import type { Point } from "../geometry/viewport";
import { bars } from "./bars";
import type { Painter } from "./painter";
import { pixelsOf } from "./palette";

export const MANY = 10_000;
const HEIGHT = 22;
const STRETCH = 3;
const CALM = 500;

export type Overview = ReturnType<typeof overview>;

/** `move`: to what is to come to the middle, in shares of all. */
export function overview(
  wrapper: HTMLElement,
  signal: AbortSignal,
  cells: CellStates,
  painter: Painter,
  move: (to: Point) => void,
) {
  const box = document.createElement("div");
  const canvas = document.createElement("canvas");
  const brush = document.createElement("div");
  const view = canvas.getContext("2d");
  let folded: Layout | null = null;
  box.className = "oprs-overview";
  brush.className = "oprs-brush";
  box.setAttribute("aria-hidden", "true");
  box.hidden = true;
  box.append(canvas, brush);
  wrapper.after(box);
  const follow = (event: PointerEvent) => {
    if (!event.buttons) return;
    const { left, top, width, height } = box.getBoundingClientRect();
    move({ x: (event.clientX - left) / width, y: (event.clientY - top) / height });
  };
  const start = (event: PointerEvent) => {
    event.preventDefault();
    box.setPointerCapture(event.pointerId);
    follow(event);
  };
  box.addEventListener("pointerdown", start, { signal });
  box.addEventListener("pointermove", follow, { signal });
  whenEnded(signal, () => box.remove());

  function fill(): void {
    const { ranks, palette } = painter;
    if (box.hidden || !view || !folded || !palette) return;
    const width = Math.ceil(folded.width / STRETCH);
    Object.assign(canvas, { width, height: HEIGHT });
    const image = view.createImageData(width, HEIGHT);
    const colours = pixelsOf(palette, ranks, false);
    const drawn = bars(cells.bytes, ranks, cells.shape, folded, width, HEIGHT);
    new Uint32Array(image.data.buffer).set(Uint32Array.from(drawn, (rank) => colours[rank]));
    view.putImageData(image, 0, 0);
  }

  return {
    /** Counting takes its time: what changes is seen a while later. */
    soon: coalesced(fill, CALM, signal),
    /** For cells as they are folded; with few of them there is none. */
    fit(layout: Layout): void {
      folded = layout;
      box.hidden = cells.shape.cells <= MANY;
      box.style.width = `${layout.width}px`;
    },
    show({ left, top, width, height }: Part): void {
      const share = (of: number) => `${100 * of}%`;
      brush.hidden = width >= 1 && height >= 1;
      Object.assign(brush.style, {
        left: share(left),
        top: share(top),
        width: share(width),
        height: share(height),
      });
    },
  };
}
