// What one looks at, and how, is with the kernel, so that a reload of the page finds it again.
import type { AnyModel } from "@anywidget/types";
import { whenEnded } from "./ending";
import type { Inspection } from "./inspection";
import type { Ask } from "./listing";
import type { ControlTraits } from "./protocol";
import type { Sight } from "./sight";
import type { Store } from "./store";
import type { ViewState } from "./viewstate";

const REST = 1000;

export class Memory {
  private told: string | null = null;
  /** The room of the grid, and so how far it can be zoomed, is known later than its cells. */
  private zoom = 1;
  private timer: ReturnType<typeof setTimeout> | undefined;

  constructor(
    private store: Store<ViewState>,
    private control: AnyModel<ControlTraits>,
    private ask: Ask,
    private sight: Sight,
    private inspection: Inspection,
    signal: AbortSignal,
  ) {
    const unsubscribe = store.subscribe(() => this.look());
    whenEnded(signal, () => {
      unsubscribe();
      clearTimeout(this.timer);
    });
  }

  private look(): void {
    const { ready, head, mostZoom } = this.store.state;
    if (!ready || !head || this.told === "") return;
    if (this.told === null) {
      this.told = "";
      this.recall();
      this.told = JSON.stringify(this.now());
    }
    if (this.zoom > 1 && mostZoom > 1) {
      const { zoom } = this;
      this.zoom = 1;
      this.sight.zoom(zoom);
    }
    if (JSON.stringify(this.now()) !== this.told)
      this.timer ??= setTimeout(() => this.tell(), REST);
  }

  private recall(): void {
    const was = this.control.get("memory");
    const { experiment, head } = this.store.state;
    if (was?.experiment !== experiment) return;
    this.sight.colour(was.colour);
    this.sight.sort(was.sort);
    this.zoom = was.zoom;
    if (was.cell === null || was.cell >= (head?.cells ?? 0)) return;
    this.inspection.look(was.cell);
    this.inspection.pick(was.tab);
  }

  private tell(): void {
    this.timer = undefined;
    const now = this.now();
    this.told = JSON.stringify(now);
    if (now.experiment) void this.ask("kernel", "remember", now);
  }

  private now() {
    const { experiment, inspected, colour, sort, zoom } = this.store.state;
    const { index: cell = null, tab = null } = inspected ?? {};
    return { experiment, cell, tab, colour, sort, zoom: Math.max(zoom, this.zoom) };
  }
}
