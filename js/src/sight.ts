// How one view looks at its cells: coloured by what, items in which order, which states are marked, what is searched.
import { postponed } from "./ending";
import type { Plane } from "./heatmap/shading";
import type { CellStates, Kind } from "./heatmap/states";
import type { Ask } from "./listing";
import {
  type Along,
  bytesOf,
  type Cell,
  type Comparison,
  type Method,
  type Methods,
  type Scale,
  uint32Of,
} from "./protocol";
import type { Selection } from "./selecting";
import { coalesced, type Store } from "./store";
import type { ViewState } from "./viewstate";
import { factLines } from "./words";

/** Of so many cells or more, scores are read only when somebody wants to see them: it takes the kernel seconds. */
const MANY = 100_000;
const FEW = 5_000;
const REFRESH = 2000;
const UNHURRIED = 10_000;
const TYPING = 250;

export const BY_STATE = "state";
export const IN_ORDER = "order";

export interface Shown extends Along, Plane {
  worst: "low" | "high";
  comparison?: Comparison;
}

/** Coloured by what has changed from another experiment: before its id. */
export const BESIDE = "beside:";
export const BY_CHANGE = "change";

/** Items that were searched for, by their numbers; there may be more of them than are listed. */
export interface Found {
  text: string;
  items: Uint32Array;
  total: number;
}

export interface Looking {
  scales: readonly Scale[];
  /** `state`, or by what `plane` was asked. */
  colour: string;
  plane: Shown | null;
  sort: string;
  /** The states that are marked; none: all. */
  kinds: ReadonlySet<Kind>;
  search: string;
  found: Found | null;
  keysShown: boolean;
  /** How much larger than fitted the cells are drawn, and how large they can be. */
  zoom: number;
  mostZoom: number;
  selection: Selection | null;
}

export const LOOKING: Looking = {
  scales: [],
  colour: BY_STATE,
  plane: null,
  sort: IN_ORDER,
  kinds: new Set(),
  search: "",
  found: null,
  keysShown: false,
  zoom: 1,
  mostZoom: 1,
  selection: null,
};

type Part = "scales" | "plane" | "order" | "find";

export class Sight {
  private counted = "";
  /** The score that is compared: the one that was looked at last. */
  private score = "";
  private changes: Uint32Array | null = null;
  private wanted = false;
  private owed = new Set<Part>();
  private soon: () => void;
  private later: () => void;
  private postpone: (action: () => void, wait: number) => void;

  constructor(
    private store: Store<ViewState>,
    private cells: CellStates,
    private ask: Ask,
    signal: AbortSignal,
  ) {
    this.soon = coalesced(() => this.again(), REFRESH, signal);
    this.later = coalesced(() => this.again(), UNHURRIED, signal);
    this.postpone = postponed(signal);
  }

  forget(): void {
    this.counted = "";
    this.wanted = false;
    this.owed.clear();
  }

  colour(by: string): void {
    const { colour, sort, scales } = this.store.state;
    this.score =
      [colour, this.score, scales[0]?.by].find((each) => each?.startsWith("score:")) ?? "";
    this.store.set({ colour: by, plane: null });
    if (sort === BY_CHANGE && !by.startsWith(BESIDE)) this.sort(IN_ORDER);
    if (by === BY_STATE) return;
    this.owed.add("plane");
    this.settle();
  }

  sort(by: string): void {
    this.store.set({ sort: by });
    if (by === IN_ORDER) this.cells.sort(null);
    else if (by === BY_CHANGE) this.cells.sort(this.changes);
    else this.owed.add("order");
    this.settle();
  }

  /** Marks this state, or does not any more. */
  toggle(kind: Kind): void {
    const kinds = new Set(this.store.state.kinds);
    if (!kinds.delete(kind)) kinds.add(kind);
    this.store.set({ kinds });
  }

  find(search: string): void {
    const some = search.trim();
    this.store.set(some ? { search } : { search, found: null });
    this.owed.delete("find");
    if (some) this.owed.add("find");
    this.postpone(() => this.settle(), TYPING);
  }

  zoom(zoom: number): void {
    this.store.set({ zoom: Math.max(1, Math.min(zoom, this.store.state.mostZoom)) });
  }

  /** It is drawn so now. */
  zoomed(zoom: number, mostZoom: number): void {
    const { state } = this.store;
    if (state.zoom !== zoom || state.mostZoom !== mostZoom) this.store.set({ zoom, mostZoom });
  }

  showKeys(keysShown: boolean): void {
    this.store.set({ keysShown });
  }

  async facts(cell: number): Promise<readonly string[]> {
    const { experiment } = this.store.state;
    const answer = await this.ask("facts", "facts", { experiment, cell });
    return answer?.result ? factLines(answer.result) : [];
  }

  /** More runs are complete than before: they have scores and took their time. */
  changed(): void {
    const { tally, head, ready } = this.store.state;
    const now = `${head?.id} ${tally.completed + tally.replayed} ${tally.scores_missing}`;
    if (!ready || !head || now === this.counted) return;
    this.counted = now;
    if (head.cells < FEW) this.soon();
    else if (head.cells < MANY) this.later();
  }

  /** What changes with the runs; the order stays as it was asked for, since nothing is to move. */
  again(): void {
    const { tally, colour, head } = this.store.state;
    const there = tally.completed + tally.replayed + tally.scores_missing > 0;
    if (there && ((head?.cells ?? 0) < MANY || this.wanted)) this.owed.add("scales");
    if (colour !== BY_STATE) this.owed.add("plane");
    this.settle();
  }

  /** Somebody is about to choose among scores. */
  want(): void {
    if (this.wanted) return;
    this.wanted = true;
    this.again();
  }

  /** Asks for what is owed: now, and whenever something has come. */
  settle(): void {
    if (!this.store.state.experiment || !this.store.state.ready) return;
    const { sort, search } = this.store.state;
    if (this.owed.has("scales"))
      void this.fetch("scales", "experiment", "scales", {}, ({ scales }) =>
        this.store.set({ scales }),
      );
    if (this.owed.has("plane")) void this.askPlane();
    if (this.owed.has("order"))
      void this.fetch("order", "sort", "order", { by: sort }, (_, [order]) =>
        this.cells.sort(uint32Of(order)),
      );
    if (this.owed.has("find"))
      void this.fetch("find", "search", "find", { text: search }, (found, [items]) =>
        this.store.set({ found: { ...found, items: uint32Of(items) } }),
      );
  }

  /** Takes an answer over that is still of `of` as it is now; null means that it will be known later. */
  private async fetch<M extends Method>(
    part: Part,
    of: keyof ViewState,
    method: M,
    params: Omit<Methods[M]["params"], "experiment">,
    take: (result: NonNullable<Methods[M]["result"]>, buffers: DataView[]) => void,
  ): Promise<void> {
    const { experiment, [of]: was } = this.store.state;
    const all = { experiment, ...params } as Methods[M]["params"];
    const answer = await this.ask("view", method, all);
    const now = this.store.state;
    if (experiment !== now.experiment || was !== now[of] || answer?.result === null) return;
    this.owed.delete(part);
    if (answer?.result) take(answer.result, answer.buffers);
  }

  /** The run beside a cell in the experiment that this one is compared with; undefined: it is not known yet. */
  async beside(cell: number): Promise<Cell | null | undefined> {
    const { experiment, colour } = this.store.state;
    const other = colour.slice(BESIDE.length);
    const answer = await this.ask("view", "beside", { experiment, other, cell });
    return answer?.result?.run;
  }

  private askPlane(): Promise<void> {
    const { colour } = this.store.state;
    if (colour.startsWith(BESIDE)) return this.askComparison(colour, this.score);
    return this.fetch("plane", "colour", "plane", { by: colour }, (plane, [values]) =>
      this.store.set({ plane: { ...plane, values: bytesOf(values).slice() } }),
    );
  }

  private askComparison(colour: string, by: string): Promise<void> {
    const params = { other: colour.slice(BESIDE.length), by };
    return this.fetch("plane", "colour", "compare", params, (comparison, buffers) => {
      const values = bytesOf(buffers[0]).map((verdict) => (verdict > 2 ? verdict : verdict * 127));
      const ends = { low: 0, high: 2, worst: "low", verdicts: true } as const;
      this.changes = uint32Of(buffers[1]);
      this.store.set({ plane: { ...comparison.mean, ...ends, by, values, comparison } });
      if (this.store.state.sort === BY_CHANGE) this.cells.sort(this.changes);
    });
  }
}
