// The list of experiments as one view shows it: what is searched, in which order, how far down, and what is in sight.

import { postponed } from "./ending";
import { type Arrangement, type Filter, wanted } from "./filters";
import { bytesOf, type Method, type Methods } from "./protocol";
import type { Answer } from "./requests";
import { joined } from "./runs";
import { coalesced, type Store } from "./store";
import type { ListedRow, Place, Query, ViewState } from "./viewstate";

export const PAGE = 50;
const TYPING = 250;
const SCROLLING = 150;

/** Asks the kernel; null after a refusal, which is said at its place. */
export type Ask = <M extends Method>(
  place: Place,
  method: M,
  params: Methods[M]["params"],
) => Promise<Answer<M> | null>;

export class Listing {
  private turn = 0;
  private pages = 1;
  private postpone: (action: () => void, wait: number) => void;
  private inSight: readonly string[] = [];
  private look: () => void;

  constructor(
    private store: Store<ViewState>,
    private ask: Ask,
    signal: AbortSignal,
    private arrived: () => void,
  ) {
    this.look = coalesced(() => this.askInSight(), SCROLLING, signal);
    this.postpone = postponed(signal);
  }

  /** Another search or order, from its beginning. Letters are waited for. */
  find(change: Partial<Query>): void {
    this.store.set({ query: { ...this.store.state.query, ...change } });
    if (change.sort) this.store.set({ arrangement: null });
    this.pages = 1;
    this.postpone(() => void this.load(), change.search === undefined ? 0 : TYPING);
  }

  filter(filter: Filter): void {
    this.store.set({ filter });
  }

  arrange(arrangement: Arrangement): void {
    this.store.set({ arrangement });
  }

  more(): void {
    this.pages += 1;
    void this.load();
  }

  /** Asks for all pages that are shown. Those of a server may come later: `changed` says when to ask again. */
  async load(): Promise<void> {
    const turn = ++this.turn;
    const { query } = this.store.state;
    const pages = Array.from({ length: this.pages }, (_, page) =>
      this.ask("list", "list", {
        ...query,
        search: wanted(query.search).text,
        offset: page * PAGE,
        limit: PAGE,
      }),
    );
    const answers = await Promise.all(pages);
    if (turn !== this.turn) return;
    const known = answers.filter((answer) => answer?.result) as Answer<"list">[];
    const last = known.at(-1)?.result;
    if (!last || known.length < pages.length) return;
    // An experiment that has moved between two pages is in both.
    const rows = new Map(known.flatMap(listed).map((row) => [row.id, row]));
    const { store: storeName, total } = last;
    this.store.set({ rows: [...rows.values()], total, storeName, answered: query });
    this.arrived();
  }

  /** These rows can be seen: a server's are read only then. */
  show(experiments: readonly string[]): void {
    if (!this.store.state.remote || !experiments.length) return;
    this.inSight = experiments;
    this.look();
  }

  private askInSight(): void {
    void this.ask("kernel", "look", { experiments: [...this.inSight] });
  }
}

function listed({ result, buffers }: Answer<"list">): ListedRow[] {
  const strips = bytesOf(buffers[0]);
  return (result?.rows ?? []).map((row) => {
    const [start, length] = row.strip;
    return { ...row, runs: joined(strips.subarray(start, start + length)) };
  });
}
