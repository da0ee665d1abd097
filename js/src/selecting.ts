// The runs that are selected: in every view of the widget, and for Python, the same.
import type { AnyModel } from "@anywidget/types";
import { listen } from "./ending";
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
} from "./heatmap/selection";
import { type CellStates, type Kind, kindOf } from "./heatmap/states";
import type { Ask } from "./listing";
import type { ControlTraits, Scale } from "./protocol";
import type { Store } from "./store";
import type { ViewState } from "./viewstate";

/** As the kernel takes them; more scattered ones are seen here only. */
export const MOST = 50_000;

export interface Selection extends Counts {
  readonly cells: Cells;
  readonly rectangles: readonly Rectangle[];
  /** Means of its scores, null as long as they are not known. */
  readonly scales: readonly Scale[] | null;
}

export class Selecting {
  private turn = 0;
  private owed = false;

  constructor(
    private store: Store<ViewState>,
    private cells: CellStates,
    private ask: Ask,
    private control: AnyModel<ControlTraits>,
    signal: AbortSignal,
  ) {
    listen(control, "change:rectangles", () => this.follow(), signal);
  }

  /** Selects these, or nothing any more. */
  choose(cells: Cells | null, how: Joining = "instead"): void {
    const before = this.store.state.selection;
    if (!cells && !before) return;
    const wanted = cells && joined(before?.cells ?? null, cells, how);
    this.take(wanted ? rectanglesOf(wanted, this.cells.shape) : [], wanted);
    this.owed = true;
    void this.settle();
  }

  /** All that are in this state now. */
  chooseKind(kind: Kind): void {
    this.choose(this.cells.bytes.map((byte) => Number(kindOf(byte) === kind)));
  }

  /** What the kernel has selected, or another view, as far as nothing newer is on its way there. */
  follow(): void {
    const { experiment, head, selection } = this.store.state;
    const there = this.control.get("rectangles") ?? [];
    if (this.owed || !head || this.control.get("selected") !== experiment) return;
    const fits = !selection || selection.cells.length === this.cells.shape.cells;
    if (fits && sameRectangles(there, selection?.rectangles ?? [])) return;
    this.take(there, there.length ? cellsOfRectangles(there, this.cells.shape) : null);
    this.owed = there.length > 0;
    void this.settle();
  }

  forget(): void {
    this.turn += 1;
    this.owed = false;
  }

  /** Tells the kernel, and asks what that means: now, and whenever something has come. */
  async settle(): Promise<void> {
    const { experiment, selection, ready } = this.store.state;
    const runs = selection?.rectangles ?? [];
    if (!this.owed || !ready) return;
    const turn = ++this.turn;
    if (runs.length > MOST) return;
    const answer = await this.ask("view", "select", { experiment, runs: [...runs] });
    if (turn !== this.turn || answer?.result === null) return;
    this.owed = false;
    const now = this.store.state.selection;
    if (answer?.result && now) {
      this.store.set({ selection: { ...now, scales: answer.result.scales } });
    }
    this.follow();
  }

  private take(rectangles: readonly Rectangle[], cells: Cells | null): void {
    const selection = cells && {
      cells,
      rectangles,
      ...counted(cells, this.cells.shape),
      scales: null,
    };
    this.store.set({ selection: selection?.runs ? selection : null });
  }
}
