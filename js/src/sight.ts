// How one view looks at its cells: coloured by what, items in which order, which states are marked, what is searched.
import type { Plane } from "./heatmap/shading";
import type { CellStates, Kind } from "./heatmap/states";
import type { Ask } from "./listing";
import { type Along, bytesOf, type Scale, uint32Of } from "./protocol";
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
}

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

export class Sight {
  private counted = "";
  private wanted = false;
  private owed = new Set<"scales" | "plane" | "order" | "find">();
  private soon: () => void;
  private later: () => void;
  private typing: ReturnType<typeof setTimeout> | undefined;

  constructor(
    private store: Store<ViewState>,
    private cells: CellStates,
    private ask: Ask,
    private signal: AbortSignal,
  ) {
    this.soon = coalesced(() => this.again(), REFRESH, signal);
    this.later = coalesced(() => this.again(), UNHURRIED, signal);
    signal.addEventListener("abort", () => clearTimeout(this.typing), { once: true });
  }

  forget(): void {
    this.counted = "";
    this.wanted = false;
    this.owed.clear();
  }

  colour(by: string): void {
    this.store.set({ colour: by, plane: null });
    if (by === BY_STATE) return;
    this.owed.add("plane");
    this.settle();
  }

  sort(by: string): void {
    this.store.set({ sort: by });
    if (by === IN_ORDER) this.cells.sort(null);
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
    clearTimeout(this.typing);
    this.store.set(search.trim() ? { search } : { search, found: null });
    if (!search.trim() || this.signal.aborted) return;
    this.owed.add("find");
    this.typing = setTimeout(() => this.settle(), TYPING);
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
    if (this.owed.has("scales")) void this.askScales();
    if (this.owed.has("plane")) void this.askPlane();
    if (this.owed.has("order")) void this.askOrder();
    if (this.owed.has("find")) void this.askFound();
  }

  private async askScales(): Promise<void> {
    const { experiment } = this.store.state;
    const answer = await this.ask("view", "scales", { experiment });
    if (this.isOld(experiment) || answer?.result === null) return;
    this.owed.delete("scales");
    if (answer?.result) this.store.set({ scales: answer.result.scales });
  }

  private async askPlane(): Promise<void> {
    const { experiment, colour } = this.store.state;
    const answer = await this.ask("view", "plane", { experiment, by: colour });
    if (this.isOld(experiment) || colour !== this.store.state.colour || answer?.result === null)
      return;
    this.owed.delete("plane");
    if (!answer?.result) return;
    this.store.set({ plane: { ...answer.result, values: bytesOf(answer.buffers[0]).slice() } });
  }

  private async askOrder(): Promise<void> {
    const { experiment, sort } = this.store.state;
    const answer = await this.ask("view", "order", { experiment, by: sort });
    if (this.isOld(experiment) || sort !== this.store.state.sort || answer?.result === null) return;
    this.owed.delete("order");
    if (answer?.result) this.cells.sort(uint32Of(answer.buffers[0]));
  }

  private async askFound(): Promise<void> {
    const { experiment, search } = this.store.state;
    const answer = await this.ask("view", "find", { experiment, text: search });
    if (this.isOld(experiment) || search !== this.store.state.search || answer?.result === null)
      return;
    this.owed.delete("find");
    if (!answer?.result) return;
    this.store.set({ found: { ...answer.result, items: uint32Of(answer.buffers[0]) } });
  }

  private isOld(experiment: string): boolean {
    return experiment !== this.store.state.experiment;
  }
}
