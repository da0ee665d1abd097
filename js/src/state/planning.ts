// Which of the missing runs are wished for, and on which terms; the plan is asked again whenever that changes.

import { whenEnded } from "../base/ending";
import { coalesced, type Store } from "../base/store";
import type { CellStates } from "../heatmap/cells/states";
import type { Limits, Only, Plan, Terms } from "../protocol";
import type { Ask } from "./listing";
import type { ViewState } from "./viewstate";

const SOON = 60;

export type Scope = "everything" | "failed" | "scores" | "group" | "selection" | "run" | "trial";

export interface Wish {
  scope: Scope;
  threads: number | null;
  limits: Limits | null;
  /** Go on in rounds. */
  until: boolean;
}

export const EVERYTHING: Wish = {
  scope: "everything",
  threads: null,
  limits: null,
  until: false,
};

/** What can be wished for. `cells`: how many that are, where it is known before it is asked. */
interface Choice {
  scope: Scope;
  name: string;
  only: Only;
  cells?: number | undefined;
}

export type Planning = ReturnType<typeof planning>;

export function planning(
  store: Store<ViewState>,
  cells: CellStates,
  ask: Ask,
  signal: AbortSignal,
) {
  let asked = ALL;
  let seen: readonly unknown[] = [];
  let chosen: string | null = null;
  const soon = coalesced(() => void load(), SOON, signal);

  function terms(): Terms {
    const { threads, limits } = store.state.wish;
    return { only: scopeOf(store.state, cells)?.only ?? null, threads, limits };
  }

  function wish(change: Partial<Wish>): void {
    store.set({ wish: { ...store.state.wish, ...change } });
  }

  /** Asks for the plan; undefined when what came is not of what is wished for now, or nothing came. */
  async function load(): Promise<Plan | null | undefined> {
    const { experiment, ready, mode } = store.state;
    if (!experiment || !ready || mode === "run") return undefined;
    const wanted = terms();
    const key = keyOf(wanted);
    asked = key;
    const answer = await ask("experiment", "plan", { experiment, ...wanted });
    if (experiment !== store.state.experiment || key !== keyOf(terms())) return undefined;
    if (!answer) {
      store.set({ reading: false });
      return undefined;
    }
    const { plan } = answer.result;
    store.set({ plan, outdated: false });
    return plan;
  }

  /** Whoever chooses a group, means it. */
  function follow(group: string | null): void {
    if (group) wish({ scope: "group" });
    else if (store.state.wish.scope === "group") wish({ scope: "everything" });
  }

  function notice(): void {
    const { wish: wished, selection, outdated, groups, inspected } = store.state;
    const now = [wished, selection, groups, inspected];
    if (now.every((each, at) => each === seen[at])) return;
    seen = now;
    const key = keyOf(terms());
    if (wished.scope === "selection" && !selection) wish({ scope: "everything" });
    if (key === asked) return;
    asked = key;
    if (!outdated) store.set({ outdated: true });
    soon();
  }

  const stop = store.subscribe(() => {
    const before = chosen;
    chosen = store.state.group;
    if (chosen !== before) follow(chosen);
    else notice();
  });
  whenEnded(signal, stop);

  return {
    load,
    terms,
    wish,
    /** What has changed in task and metrics, as text. */
    async diff(plan: Plan): Promise<string> {
      const { experiment } = store.state;
      const answer = await ask("action", "drift", { experiment, plan: plan.id });
      return answer?.result.diff ?? "";
    },
    /** What is shown next is the plan of everything. */
    forget(): void {
      asked = ALL;
    },
    /** The plan of everything has come, which may not be what is wished for. */
    settle(): void {
      if (keyOf(terms()) !== ALL) void load();
    },
  };
}

const keyOf = (terms: Terms): string => JSON.stringify(terms);
const ALL = keyOf({ only: null, threads: null, limits: null });

export function scopesOf(state: ViewState, of: CellStates): Choice[] {
  const { tally, groups, group, selection, inspected, head } = state;
  const chosen = groups?.find(({ key }) => key === group);
  const metric = chosen?.metric;
  const cell = inspected?.cell;
  const trials = cell?.trial ?? 0;
  const failed = tally.task_failed + tally.scoring_failed;
  const choices: Choice[] = [
    { scope: "everything", name: "everything", only: null },
    { scope: "failed", name: "only failed", only: "failed", cells: failed },
    {
      scope: "group",
      name: `only ${chosen ? chosen.type || metric || chosen.message : "one failure group"}`,
      only: chosen ? { groups: chosen.group, ...(metric && { metrics: metric }) } : null,
      cells: chosen?.count ?? 0,
    },
    {
      scope: "selection",
      name: "the selection",
      only: selection && { runs: selection.rectangles },
      cells: selection?.runs ?? 0,
    },
    {
      scope: "run",
      name: cell ? of.label(cell.cell) : "one run",
      only: cell ? { cells: [[cell.item_id, trials]] } : null,
      cells: cell ? undefined : 0,
    },
    { scope: "trial", name: `trial ${trials} of every item`, only: { trials } },
    {
      scope: "scores",
      name: "only missing scores",
      only: "scores_missing",
      cells: tally.scores_missing,
    },
  ];
  return choices.filter(({ scope }) => scope !== "trial" || (head?.trials ?? 1) > 1);
}

/** The one that is wished for. */
export const scopeOf = (state: ViewState, of: CellStates): Choice | undefined =>
  scopesOf(state, of).find(({ scope }) => scope === state.wish.scope);
