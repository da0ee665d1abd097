// The runs that are selected: in every view of the widget, and for Python, the same.
import type { AnyModel } from "@anywidget/types";
import { listen } from "../base/ending";
import type { Store } from "../base/store";
import {
  type Cells,
  type Counts,
  cellsOfRectangles,
  counted,
  type Joining,
  joined,
  type Rectangle,
  rectanglesOf,
  sameRectangles,
} from "../heatmap/cells/selection";
import { type CellStates, type Kind, kindOf } from "../heatmap/cells/states";
import type { ControlTraits, Scale } from "../protocol";
import type { Ask } from "./listing";
import type { ViewState } from "./viewstate";

/** As the kernel takes them; more scattered ones are seen here only. */
export const MOST = 50_000;

export interface Selection extends Counts {
  readonly cells: Cells;
  readonly rectangles: readonly Rectangle[];
  /** Means of its scores, null as long as they are not known. */
  readonly scales: readonly Scale[] | null;
}

export type Selecting = ReturnType<typeof selecting>;

export function selecting(
  store: Store<ViewState>,
  cells: CellStates,
  ask: Ask,
  control: AnyModel<ControlTraits>,
  signal: AbortSignal,
) {
  let turn = 0;
  let owed = false;
  /** It was selected here, and nobody else may know that yet. */
  let ours = false;

  function take(rectangles: readonly Rectangle[], taken: Cells | null): void {
    const selection = taken && {
      cells: taken,
      rectangles,
      ...counted(taken, cells.shape),
      scales: null,
    };
    store.set({ selection: selection?.runs ? selection : null });
  }

  /** Selects these, or nothing any more. */
  function choose(chosen: Cells | null, how: Joining = "instead"): void {
    const before = store.state.selection;
    if (!chosen && !before) return;
    const wanted = chosen && joined(before?.cells ?? null, chosen, how);
    take(wanted ? rectanglesOf(wanted, cells.shape) : [], wanted);
    owed = ours = true;
    void settle();
  }

  /** What the kernel has selected, or another view, as far as nothing newer is on its way there. */
  function follow(): void {
    const { experiment, head, selection } = store.state;
    const there = control.get("rectangles") ?? [];
    if (ours || !head || control.get("selected") !== experiment) return;
    const fits = !selection || selection.cells.length === cells.shape.cells;
    if (fits && sameRectangles(there, selection?.rectangles ?? [])) return;
    take(there, there.length ? cellsOfRectangles(there, cells.shape) : null);
    owed = there.length > 0;
    void settle();
  }

  /** Tells the kernel, and asks what that means: now, and whenever something has come. */
  async function settle(): Promise<void> {
    const { experiment, selection, ready } = store.state;
    const runs = selection?.rectangles ?? [];
    if (!owed || !ready) return;
    const asked = ++turn;
    if (runs.length > MOST) return;
    const answer = await ask("view", "select", { experiment, runs: [...runs], followed: !ours });
    if (asked !== turn) return;
    ours = false;
    if (answer?.result === null) return;
    owed = false;
    const now = store.state.selection;
    if (answer?.result && now) store.set({ selection: { ...now, scales: answer.result.scales } });
    follow();
  }

  listen(control, "change:rectangles", follow, signal);
  return {
    choose,
    follow,
    settle,
    /** All that are in this state now. */
    chooseKind(kind: Kind): void {
      choose(cells.bytes.map((byte) => Number(kindOf(byte) === kind)));
    },
    forget(): void {
      turn += 1;
      owed = ours = false;
    },
  };
}
