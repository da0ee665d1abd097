// How one view looks at its cells: coloured by what, items in which order, which states are marked, what is searched.

import { postponed } from "../base/ending";
import { MANY, type Store, unhurried } from "../base/store";
import { factLines } from "../base/words";
import type { Plane } from "../heatmap/cells/shading";
import type { Groups } from "../heatmap/cells/shape";
import type { CellStates, Kind } from "../heatmap/cells/states";
import {
  type Along,
  bytesOf,
  type Cell,
  type Comparison,
  type Method,
  type Methods,
  type Scale,
  uint32Of,
} from "../protocol";
import type { Ask } from "./listing";
import type { Selection } from "./selecting";
import type { ViewState } from "./viewstate";

const FEW = 5_000;
const TYPING = 250;

export const BY_STATE = "state";
export const IN_ORDER = "order";

export interface Shown extends Along, Plane {
  worst: "low" | "high";
  comparison?: Comparison;
}

/** Coloured by what has changed from another experiment: before its id, a blank and the score that is compared. */
export const BESIDE = "beside:";
const SCORED = "score:";

/** Without the score that is compared. */
export const besideOf = (colour: string): string =>
  colour.startsWith(BESIDE) ? colour.split(" ")[0] : colour;
const otherOf = (colour: string): string => besideOf(colour).slice(BESIDE.length);
const scoreOf = (colour: string): string => colour.slice(colour.indexOf(SCORED));
export const BY_CHANGE = "change";

/** By how far the trials of an item differ: of their states, or before what a score is asked by. */
export const DISAGREEMENT = "disagreement";
/** In groups by a field of the items: before its name. */
export const FIELD = "field:";

/** Items that were searched for, by their numbers; there may be more of them than are listed. */
export interface Found {
  text: string;
  items: Uint32Array;
  total: number;
}

export interface Looking {
  scales: readonly Scale[];
  /** By what else cells are coloured, and which fields put items together. */
  measures: readonly string[];
  fields: readonly string[];
  /** `state`, or by what `plane` was asked. */
  colour: string;
  plane: Shown | null;
  sort: string;
  /** Of the groups that items are drawn in. */
  names: readonly string[];
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
  measures: ["duration", "attempts"],
  fields: [],
  colour: BY_STATE,
  plane: null,
  sort: IN_ORDER,
  names: [],
  kinds: new Set(),
  search: "",
  found: null,
  keysShown: false,
  zoom: 1,
  mostZoom: 1,
  selection: null,
};

type Part = "scales" | "plane" | "order" | "find";

export type Sight = ReturnType<typeof sight>;

export function sight(store: Store<ViewState>, cells: CellStates, ask: Ask, signal: AbortSignal) {
  let counted = "";
  /** The score that is compared: the one that was looked at last. */
  let score = "";
  let changes: Uint32Array | null = null;
  let wanted = false;
  const owed = new Set<Part>();
  const soon = unhurried(again, signal);
  const postpone = postponed(signal);

  function sort(by: string): void {
    store.set({ sort: by });
    if (by === IN_ORDER) draw(null);
    else if (by === BY_CHANGE) draw(changes);
    else owed.add("order");
    settle();
  }

  /** Cells are called by their groups, too. */
  function draw(order: Uint32Array | null, groups: Groups | null = null): void {
    cells.sort(order, groups);
    store.set({ names: groups?.names ?? [] });
  }

  /** What changes with the runs; the order stays as it was asked for, since nothing is to move. */
  function again(): void {
    const { colour, head } = store.state;
    if ((head?.cells ?? 0) < MANY || wanted) owed.add("scales");
    if (colour !== BY_STATE) owed.add("plane");
    settle();
  }

  /** Asks for what is owed: now, and whenever something has come. */
  function settle(): void {
    if (!store.state.experiment || !store.state.ready) return;
    const { sort: by, search: text } = store.state;
    if (owed.has("scales"))
      void fetch("scales", "experiment", "scales", {}, (known) => store.set(known));
    if (owed.has("plane")) void askPlane();
    if (owed.has("order"))
      void fetch("order", "sort", "order", { by }, ({ groups }, [order]) =>
        draw(uint32Of(order), groups?.length ? named(groups, by.slice(FIELD.length)) : null),
      );
    if (owed.has("find"))
      void fetch("find", "search", "find", { text }, (found, [items]) =>
        store.set({ found: { ...found, items: uint32Of(items) } }),
      );
  }

  /** Takes an answer over that is still of `of` as it is now; null means that it will be known later. */
  async function fetch<M extends Method>(
    part: Part,
    of: keyof ViewState,
    method: M,
    params: Omit<Methods[M]["params"], "experiment">,
    take: (result: NonNullable<Methods[M]["result"]>, buffers: DataView[]) => void,
  ): Promise<void> {
    const { experiment, [of]: was } = store.state;
    const all = { experiment, ...params } as Methods[M]["params"];
    const answer = await ask("view", method, all);
    const now = store.state;
    if (experiment !== now.experiment || was !== now[of] || answer?.result === null) return;
    owed.delete(part);
    if (answer?.result) take(answer.result, answer.buffers);
  }

  function askPlane(): Promise<void> {
    const { colour } = store.state;
    if (colour.startsWith(BESIDE)) return askComparison(colour);
    return fetch("plane", "colour", "plane", { by: colour }, (plane, [values]) =>
      store.set({ plane: { ...plane, values: bytesOf(values).slice() } }),
    );
  }

  function askComparison(colour: string): Promise<void> {
    const by = scoreOf(colour);
    const params = { other: otherOf(colour), by };
    return fetch("plane", "colour", "compare", params, (comparison, buffers) => {
      const values = bytesOf(buffers[0]).map((verdict) => (verdict > 2 ? verdict : verdict * 127));
      const ends = { low: 0, high: 2, worst: "low", verdicts: true } as const;
      changes = uint32Of(buffers[1]);
      store.set({ plane: { ...comparison.mean, ...ends, by, values, comparison } });
      if (store.state.sort === BY_CHANGE) draw(changes);
    });
  }

  return {
    sort,
    again,
    settle,
    forget(): void {
      counted = "";
      wanted = false;
      owed.clear();
    },
    colour(by: string): void {
      const { colour, sort: sorted, scales, plane } = store.state;
      const scored = [by, colour, score, scales[0]?.by].find((each) => each?.includes(SCORED));
      score = scoreOf(scored ?? SCORED);
      const next = by.startsWith(BESIDE) ? `${besideOf(by)} ${score}` : by;
      store.set({ colour: next, plane: besideOf(colour) === besideOf(next) ? plane : null });
      if (sorted === BY_CHANGE && !by.startsWith(BESIDE)) sort(IN_ORDER);
      if (by === BY_STATE) return;
      owed.add("plane");
      settle();
    },
    /** The items that have become worse (0), stayed the same (1) or become better (2): the order tells, with the counts. */
    having(verdict: number): Uint32Array {
      const { worse = 0, same = 0, better = 0 } = store.state.plane?.comparison ?? {};
      const ends = [0, worse, worse + same, worse + same + better];
      return changes?.subarray(ends[verdict], ends[verdict + 1]) ?? new Uint32Array(0);
    },
    /** Marks this state, or does not any more. */
    toggle(kind: Kind): void {
      const kinds = new Set(store.state.kinds);
      if (!kinds.delete(kind)) kinds.add(kind);
      store.set({ kinds });
    },
    find(search: string): void {
      const some = search.trim();
      store.set(some ? { search } : { search, found: null });
      owed.delete("find");
      if (some) owed.add("find");
      postpone(settle, TYPING);
    },
    zoom(zoom: number): void {
      store.set({ zoom: Math.max(1, Math.min(zoom, store.state.mostZoom)) });
    },
    /** It is drawn so now. */
    zoomed(zoom: number, mostZoom: number): void {
      const { state } = store;
      if (state.zoom !== zoom || state.mostZoom !== mostZoom) store.set({ zoom, mostZoom });
    },
    showKeys(keysShown: boolean): void {
      store.set({ keysShown });
    },
    async facts(cell: number): Promise<readonly string[]> {
      const { experiment } = store.state;
      const answer = await ask("facts", "facts", { experiment, cell });
      return answer?.result ? factLines(answer.result) : [];
    },
    /** More runs are complete than before: they have scores and took their time. */
    changed(): void {
      const { tally, head, ready } = store.state;
      const now = `${head?.id} ${tally.completed + tally.replayed} ${tally.scores_missing}`;
      if (!ready || !head || now === counted) return;
      counted = now;
      if (head.cells < MANY) soon(head.cells, FEW);
    },
    /** Somebody is about to choose among scores. */
    want(): void {
      if (wanted) return;
      wanted = true;
      again();
    },
    /** The run beside a cell in the experiment that this one is compared with; undefined: it is not known yet. */
    async beside(cell: number): Promise<Cell | null | undefined> {
      const { experiment, colour } = store.state;
      const other = otherOf(colour);
      const answer = await ask("view", "beside", { experiment, other, cell });
      return answer?.result?.run;
    },
  };
}

function named(groups: readonly (readonly [string | null, number])[], field: string): Groups {
  let end = 0;
  const ends = groups.map(([, items]) => {
    end += items;
    return end;
  });
  const names = groups.map(([value]) => value ?? `no ${field}`);
  return { names, starts: Uint32Array.of(0, ...ends) };
}
