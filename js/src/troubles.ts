// Why runs failed, as one view shows it: the groups of failures, and the one of them that is chosen.
import type { Ask } from "./listing";
import { type Group, uint32Of } from "./protocol";
import { coalesced, type Store } from "./store";
import type { ViewState } from "./viewstate";

/** Of an experiment of so many cells or more, its groups are counted less often while it runs. */
const MANY = 100_000;
const REFRESH = 2000;
const UNHURRIED = 10_000;

/** A group with its cells. */
export interface Trouble extends Group {
  key: string;
  marked: Uint32Array;
}

export class Troubles {
  private turn = 0;
  private counted = "";
  private soon: () => void;
  private later: () => void;

  constructor(
    private store: Store<ViewState>,
    private ask: Ask,
    signal: AbortSignal,
  ) {
    this.soon = coalesced(() => void this.load(), REFRESH, signal);
    this.later = coalesced(() => void this.load(), UNHURRIED, signal);
  }

  /** Marks the cells of a group, and those of no group when it was chosen before. */
  choose(key: string | null): void {
    const { group } = this.store.state;
    this.store.set({ group: key === group ? null : key });
  }

  forget(): void {
    this.turn += 1;
    this.counted = "";
  }

  /** The cells have changed: what failed is counted again if as many of each kind have not failed as before. */
  changed(): void {
    const { head, ready } = this.store.state;
    const now = `${head?.id} ${this.failed}`;
    if (!ready || !head || now === this.counted) return;
    this.counted = now;
    if (!this.failed.some(Boolean)) {
      this.turn += 1;
      this.store.set({ groups: [], groupsInAll: 0, group: null });
      return;
    }
    if (head.cells < MANY) this.soon();
    else this.later();
  }

  /** How many of each kind. */
  private get failed(): readonly number[] {
    const { task_failed, scoring_failed, scores_missing, interrupted } = this.store.state.tally;
    return [task_failed, scoring_failed, scores_missing, interrupted];
  }

  async load(): Promise<void> {
    const turn = ++this.turn;
    const { experiment } = this.store.state;
    if (!experiment || !this.failed.some(Boolean)) return;
    const answer = await this.ask("groups", "groups", { experiment });
    if (turn !== this.turn || !answer?.result) return; // `changed` says when it is known
    const cells = uint32Of(answer.buffers[0]);
    const groups = answer.result.groups.map((group) => troubled(group, cells));
    const { group } = this.store.state;
    const there = groups.some(({ key }) => key === group);
    this.store.set({ groups, groupsInAll: answer.result.total, group: there ? group : null });
  }
}

export function troubled(group: Group, all: Uint32Array = new Uint32Array(0)): Trouble {
  const [start, length] = group.cells;
  const key = JSON.stringify([group.kind, group.metric, group.type, group.message]);
  return { ...group, key, marked: all.subarray(start, start + length) };
}
