// The list of experiments as one view shows it: what is searched, in which order, how far down, and what is in sight.

import { postponed } from "../base/ending";
import { coalesced, type Store } from "../base/store";
import { bytesOf, type Method, type Methods } from "../protocol";
import { joined } from "../protocol/runs";
import type { Answer } from "../wire/requests";
import { type Arrangement, type Filter, isUnknown, wanted } from "./filters";
import type { ListedRow, Place, Query, ViewState } from "./viewstate";

export const PAGE = 50;
const TYPING = 250;
const SCROLLING = 150;
/** Experiments that are listed for a question that no store can answer, and that are read for it at once. */
const MOST = 1000;
const AT_ONCE = 200;

/** Asks the kernel; null after a refusal, which is said at its place. */
export type Ask = <M extends Method>(
  place: Place,
  method: M,
  params: Methods[M]["params"],
) => Promise<Answer<M> | null>;

export type Listing = ReturnType<typeof listing>;

export function listing(
  store: Store<ViewState>,
  ask: Ask,
  signal: AbortSignal,
  arrived: () => void,
) {
  let turn = 0;
  let pages = 1;
  let inSight: readonly string[] = [];
  const postpone = postponed(signal);
  const look = coalesced(
    () => {
      const { rows, remote } = store.state;
      const unknown = (rows ?? []).filter(isUnknown).map(({ id }) => id);
      const experiments = (narrowed() ? unknown : inSight).slice(0, AT_ONCE);
      if (remote && experiments.length) void ask("kernel", "look", { experiments });
    },
    SCROLLING,
    signal,
  );

  /** Whether something is asked for that no store can tell. */
  function narrowed(): boolean {
    const { filter, arrangement, query } = store.state;
    return filter !== "all" || Boolean(arrangement ?? wanted(query.search).words[0]);
  }

  /** It is told of all experiments, not only of those that are shown: the rest is fetched, of a server what is listed is read. */
  function rest(): void {
    look();
    const { remote, rows, total } = store.state;
    const most = Math.ceil(Math.min(total, MOST) / PAGE);
    if (remote || !rows || !narrowed() || pages >= most) return;
    pages = Math.min(2 * pages, most);
    void load();
  }

  /** Asks for all pages that are shown. Those of a server may come later: `changed` says when to ask again. */
  async function load(): Promise<void> {
    const asked = ++turn;
    const { query } = store.state;
    const answers = await Promise.all(
      Array.from({ length: pages }, (_, page) =>
        ask("list", "list", {
          ...query,
          search: wanted(query.search).text,
          offset: page * PAGE,
          limit: PAGE,
        }),
      ),
    );
    if (asked !== turn) return;
    const known = answers.filter((answer) => answer?.result) as Answer<"list">[];
    const last = known.at(-1)?.result;
    if (!last || known.length < answers.length) return;
    // An experiment that has moved between two pages is in both.
    const rows = new Map(known.flatMap(listed).map((row) => [row.id, row]));
    const { store: storeName, total } = last;
    store.set({ rows: [...rows.values()], total, storeName, answered: query });
    arrived();
    rest();
  }

  return {
    load,
    /** Another search or order, from its beginning. Letters are waited for. */
    find(change: Partial<Query>): void {
      store.set({ query: { ...store.state.query, ...change } });
      if (change.sort) store.set({ arrangement: null });
      pages = 1;
      postpone(() => void load(), change.search === undefined ? 0 : TYPING);
    },
    filter(filter: Filter): void {
      store.set({ filter });
      rest();
    },
    arrange(arrangement: Arrangement): void {
      store.set({ arrangement });
      rest();
    },
    more(): void {
      pages += 1;
      void load();
    },
    /** These rows can be seen: a server's are read only then. */
    show(experiments: readonly string[]): void {
      inSight = experiments;
      look();
    },
  };
}

function listed({ result, buffers }: Answer<"list">): ListedRow[] {
  const strips = bytesOf(buffers[0]);
  return (result?.rows ?? []).map((row) => {
    const [start, length] = row.strip;
    return { ...row, runs: joined(strips.subarray(start, start + length)) };
  });
}
