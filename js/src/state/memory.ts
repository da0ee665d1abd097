// What one looks at, and how, is with the kernel, so that a reload of the page finds it again.
import type { AnyModel } from "@anywidget/types";
import { whenEnded } from "../base/ending";
import type { Store } from "../base/store";
import type { ControlTraits } from "../protocol";
import type { Inspection } from "./inspection";
import type { Ask } from "./listing";
import type { Sight } from "./sight";
import type { ViewState } from "./viewstate";

const REST = 1000;

export function keepInMemory(
  store: Store<ViewState>,
  control: AnyModel<ControlTraits>,
  ask: Ask,
  sight: Sight,
  inspection: Inspection,
  signal: AbortSignal,
): void {
  let told: string | null = null;
  /** The room of the grid, and so how far it can be zoomed, is known later than its cells. */
  let wanted = 1;
  let timer: ReturnType<typeof setTimeout> | undefined;

  const now = () => {
    const { experiment, inspected, colour, sort, zoom } = store.state;
    const { index: cell = null, tab = null } = inspected ?? {};
    return { experiment, cell, tab, colour, sort, zoom: Math.max(zoom, wanted) };
  };
  const recall = () => {
    const was = control.get("memory");
    const { experiment, head } = store.state;
    if (was?.experiment !== experiment) return;
    sight.colour(was.colour);
    sight.sort(was.sort);
    wanted = was.zoom;
    if (was.cell === null || was.cell >= (head?.cells ?? 0)) return;
    inspection.look(was.cell);
    inspection.pick(was.tab);
  };
  const tell = () => {
    timer = undefined;
    const next = now();
    told = JSON.stringify(next);
    if (next.experiment) void ask("kernel", "remember", next);
  };
  const unsubscribe = store.subscribe(() => {
    const { ready, head, mostZoom } = store.state;
    if (!ready || !head || told === "") return;
    if (told === null) {
      told = "";
      recall();
      told = JSON.stringify(now());
    }
    if (wanted > 1 && mostZoom > 1) {
      const zoom = wanted;
      wanted = 1;
      sight.zoom(zoom);
    }
    if (JSON.stringify(now()) !== told) timer ??= setTimeout(tell, REST);
  });
  whenEnded(signal, () => {
    unsubscribe();
    clearTimeout(timer);
  });
}
