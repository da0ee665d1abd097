// What one view knows and shows: replaced as a whole with each change, so that panels can compare it.
import type { AnyModel } from "@anywidget/types";
import type { CellStates, Tally } from "../heatmap/cells/states";
import type {
  Cell,
  ControlTraits,
  Details,
  Head,
  Method,
  Plan,
  Progress,
  Row,
  Sort,
} from "../protocol";
import type { Runs } from "../protocol/runs";
import type { Presence } from "../wire/presence";
import type { Arrangement, Filter } from "./filters";
import { EVERYTHING, type Wish } from "./planning";
import { LOOKING, type Looking } from "./sight";
import type { Trouble } from "./troubles";

/** Where something went wrong, and so where it is said. */
export type Place =
  | "kernel"
  | "list"
  | "experiment"
  | "action"
  | "cell"
  | "details"
  | "groups"
  | "view"
  | "facts";

/** A row with its strip. */
export type ListedRow = Row & { runs: Runs };

export interface Query {
  search: string;
  sort: Sort;
}

export interface Inspected {
  index: number;
  cell: Cell | null;
  /** Null as well when the store knows no more of the run. */
  details: Details | null;
  /** The tab that was picked; null: the one with the trouble. */
  tab: string | null;
  /** The variable that the item was put in. */
  kept: string | null;
}

export interface ViewState extends Looking {
  mode: "browser" | "run";
  storeName: string;
  remote: boolean;
  /** Whether the kernel that made this view is there; `silent`: nobody knows. */
  kernel: Presence;
  /** When a saved copy was saved. */
  asOf: string;
  ready: boolean;
  late: readonly Method[];
  query: Query;
  /** What the rows are the answer to, which may be an older query. */
  answered: Query | null;
  rows: readonly ListedRow[] | null;
  /** Which of the rows are shown. */
  filter: Filter;
  /** How they are arranged, if not as the store has them. */
  arrangement: Arrangement | null;
  total: number;
  experiment: string;
  /** The kernel is reading the experiment: a large one, or a server's. */
  reading: boolean;
  head: Head | null;
  plan: Plan | null;
  progress: Progress | null;
  tally: Tally;
  pressed: "resume" | "stop" | null;
  /** What the plan says about metrics is meant so. */
  meant: boolean;
  wish: Wish;
  /** The plan that is shown is not of what is wished for now: it has been asked for. */
  outdated: boolean;
  /** Tell when a resume ends, if nobody looks. */
  notify: boolean;
  inspected: Inspected | null;
  /** Why runs failed, the largest group first; null as long as that is not known. */
  groups: readonly Trouble[] | null;
  groupsInAll: number;
  /** The key of the group that is chosen. */
  group: string | null;
  trouble: Partial<Record<Place, string>>;
}

export function initialState(control: AnyModel<ControlTraits>, cells: CellStates): ViewState {
  return {
    mode: control.get("mode"),
    storeName: control.get("store"),
    remote: control.get("remote"),
    kernel: "there",
    asOf: "",
    ready: false,
    late: [],
    query: { search: "", sort: "-created_at" },
    answered: null,
    rows: null,
    filter: "all",
    arrangement: null,
    total: 0,
    experiment: control.get("selected") || "",
    reading: false,
    head: null,
    plan: null,
    progress: null,
    tally: cells.tally(),
    pressed: null,
    meant: false,
    wish: EVERYTHING,
    outdated: false,
    notify: false,
    inspected: null,
    groups: null,
    groupsInAll: 0,
    group: null,
    ...LOOKING,
    trouble: {},
  };
}

/** What is opened when nothing is selected. */
export function firstOf(rows: readonly Row[]): string {
  return (rows.find((row) => row.state === "resumable") ?? rows[0])?.id ?? "";
}
