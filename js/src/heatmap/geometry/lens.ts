// How much larger than fitting the cells are drawn, and which part of them is in view. Lengths are CSS pixels.
import { type Layout, magnified, mostZoom } from "./layout";
import type { Box, Point } from "./viewport";

/** The room that all cells are fitted into. */
export interface Room {
  readonly width: number;
  readonly height: number;
  readonly ratio: number;
}

/** A part of all, as shares of its width and height. */
export interface Part {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

const STEP = 1.5;

export class Lens {
  layout: Layout;
  zoom = 1;
  readonly most: number;

  constructor(
    private fit: Layout,
    private room: Room,
  ) {
    this.layout = fit;
    this.most = mostZoom(fit);
  }

  /** Another folding of the same cells, or of others: as near to what was in view as it can be. */
  static like(before: Lens | null, fit: Layout, room: Room): Lens {
    const lens = new Lens(fit, room);
    if (!before || before.zoom === 1) return lens;
    const { left, top, width, height } = before.part;
    lens.zoomTo(before.zoom);
    lens.centre({ x: left + width / 2, y: top + height / 2 });
    return lens;
  }

  /** One step closer, or farther with -1. */
  step(by: number): void {
    this.zoomTo(this.zoom * STEP ** by);
  }

  /** What is at this point of the view stays there. */
  zoomTo(zoom: number, at: Point = this.middle): void {
    const { fit, room, layout } = this;
    const [x, y] = [at.x, Math.max(0, at.y - layout.top)];
    const [across, down] = [(layout.x + x) / layout.width, (layout.y + y) / layout.height];
    const wanted = Math.min(this.most, Math.max(1, zoom));
    this.zoom = wanted < 1.01 ? 1 : wanted;
    const next = magnified(fit, this.zoom, room, room.ratio);
    this.layout = next;
    this.lookAt(across * next.width - x, down * next.height - y);
  }

  pan(x: number, y: number): void {
    this.lookAt(this.layout.x + x, this.layout.y + y);
  }

  /** Brings this point, in shares of all, to the middle. */
  centre({ x, y }: Point): void {
    const { width, height, shownWidth, shownHeight } = this.layout;
    this.lookAt(x * width - shownWidth / 2, y * height - shownHeight / 2);
  }

  /** Moves as little as shows the whole of a box that is somewhere about the view. */
  reveal({ left, top, width, height }: Box): void {
    const { layout } = this;
    const beyond = (from: number, length: number, shown: number) =>
      from < 0 ? from : Math.max(0, Math.min(from, from + length - shown));
    this.pan(
      beyond(left - layout.left, width + layout.left, layout.shownWidth),
      beyond(top - layout.top, height, layout.shownHeight),
    );
  }

  /** What is in view. */
  get part(): Part {
    const { x, y, width, height, shownWidth, shownHeight } = this.layout;
    return {
      left: x / width,
      top: y / height,
      width: shownWidth / width,
      height: shownHeight / height,
    };
  }

  private get middle(): Point {
    const { shownWidth, shownHeight, top } = this.layout;
    return { x: shownWidth / 2, y: top + shownHeight / 2 };
  }

  private lookAt(x: number, y: number): void {
    const { width, height, shownWidth, shownHeight } = this.layout;
    const { ratio } = this.room;
    const within = (at: number, most: number) =>
      Math.floor(Math.max(0, Math.min(at, most)) * ratio) / ratio;
    const [newX, newY] = [within(x, width - shownWidth), within(y, height - shownHeight)];
    if (newX === this.layout.x && newY === this.layout.y) return;
    this.layout = { ...this.layout, x: newX, y: newY };
  }
}
