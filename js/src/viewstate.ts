// What one view knows and shows: replaced as a whole with each change, so that panels can compare it.
import type { AnyModel } from "@anywidget/types";
import type { CellStates, Tally } from "./heatmap/states";
import type { Cell, ControlTraits, Head, Method, Plan, Progress, Row } from "./protocol";

/** Where something went wrong, and so where it is said. */
export type Place = "kernel" | "list" | "experiment" | "action" | "cell";

export interface ViewState {
  mode: "browser" | "run";
  storeName: string;
  ready: boolean;
  late: readonly Method[];
  rows: readonly Row[] | null;
  total: number;
  strips: Uint8Array;
  experiment: string;
  /** The kernel is reading the experiment, which is a large one. */
  reading: boolean;
  head: Head | null;
  plan: Plan | null;
  progress: Progress | null;
  tally: Tally;
  pressed: "resume" | "stop" | null;
  inspected: { index: number; cell: Cell | null } | null;
  trouble: Partial<Record<Place, string>>;
}

export function initialState(control: AnyModel<ControlTraits>, cells: CellStates): ViewState {
  return {
    mode: control.get("mode"),
    storeName: control.get("store"),
    ready: false,
    late: [],
    rows: null,
    total: 0,
    strips: new Uint8Array(0),
    experiment: control.get("selected") || "",
    reading: false,
    head: null,
    plan: null,
    progress: null,
    tally: cells.tally(),
    pressed: null,
    inspected: null,
    trouble: {},
  };
}

/** What is opened when nothing is selected. */
export function firstOf(rows: readonly Row[]): string {
  return (rows.find((row) => row.state === "resumable") ?? rows[0])?.id ?? "";
}
