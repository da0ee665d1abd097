// Why runs failed, as one view shows it: the groups of failures, and the one of them that is chosen.

import { type Store, unhurried } from "../base/store";
import { type Group, uint32Of } from "../protocol";
import type { Ask } from "./listing";
import type { ViewState } from "./viewstate";

/** A group with its cells. */
export interface Trouble extends Group {
  key: string;
  marked: Uint32Array;
}

export type Troubles = ReturnType<typeof troubles>;

export function troubles(store: Store<ViewState>, ask: Ask, signal: AbortSignal) {
  let turn = 0;
  let counted = "";
  const soon = unhurried(() => void load(), signal);

  /** How many of each kind. */
  function failed(): readonly number[] {
    const { task_failed, scoring_failed, scores_missing, interrupted } = store.state.tally;
    return [task_failed, scoring_failed, scores_missing, interrupted];
  }

  async function load(): Promise<void> {
    const asked = ++turn;
    const { experiment } = store.state;
    if (!experiment || !failed().some(Boolean)) return;
    const answer = await ask("groups", "groups", { experiment });
    if (asked !== turn || !answer?.result) return; // `changed` says when it is known
    const cells = uint32Of(answer.buffers[0]);
    const groups = answer.result.groups.map((group) => troubled(group, cells));
    const { group } = store.state;
    const there = groups.some(({ key }) => key === group);
    store.set({ groups, groupsInAll: answer.result.total, group: there ? group : null });
  }

  return {
    load,
    /** Marks the cells of a group, and those of no group when it was chosen before. */
    choose(key: string | null): void {
      store.set({ group: key === store.state.group ? null : key });
    },
    forget(): void {
      turn += 1;
      counted = "";
    },
    /** The cells have changed: what failed is counted again if as many of each kind have not failed as before. */
    changed(): void {
      const { head, ready } = store.state;
      const now = `${head?.id} ${failed()}`;
      if (!ready || !head || now === counted) return;
      counted = now;
      if (failed().some(Boolean)) soon(head.cells);
      else {
        turn += 1;
        store.set({ groups: [], groupsInAll: 0, group: null });
      }
    },
  };
}

export function troubled(group: Group, all: Uint32Array = new Uint32Array(0)): Trouble {
  const [start, length] = group.cells;
  const key = JSON.stringify([group.kind, group.metric, group.type, group.message]);
  return { ...group, key, marked: all.subarray(start, start + length) };
}
