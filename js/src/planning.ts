// Which of the missing runs are wished for, and on which terms; the plan is asked again whenever that changes.
import { whenEnded } from "./ending";
import type { CellStates } from "./heatmap/states";
import type { Ask } from "./listing";
import type { Limits, Only, Plan, Terms } from "./protocol";
import { coalesced, type Store } from "./store";
import type { ViewState } from "./viewstate";

const SOON = 60;

export type Scope = "everything" | "failed" | "scores" | "group" | "selection" | "run" | "trial";

export interface Wish {
  scope: Scope;
  threads: number | null;
  limits: Limits | null;
}

export const EVERYTHING: Wish = { scope: "everything", threads: null, limits: null };

/** What can be wished for. `cells`: how many that are, where it is known before it is asked. */
interface Choice {
  scope: Scope;
  name: string;
  only: Only;
  cells?: number | undefined;
}

export class Planning {
  private asked = ALL;
  private seen: readonly unknown[] = [];
  private soon: () => void;

  constructor(
    private store: Store<ViewState>,
    private cells: CellStates,
    private ask: Ask,
    signal: AbortSignal,
  ) {
    this.soon = coalesced(() => void this.load(), SOON, signal);
    let group: string | null = null;
    const stop = store.subscribe(() => {
      const was = group;
      group = store.state.group;
      if (group !== was) this.follow(group);
      else this.notice();
    });
    whenEnded(signal, stop);
  }

  wish(change: Partial<Wish>): void {
    this.store.set({ wish: { ...this.store.state.wish, ...change } });
  }

  get terms(): Terms {
    const { threads, limits } = this.store.state.wish;
    return { only: scopeOf(this.store.state, this.cells)?.only ?? null, threads, limits };
  }

  /** What has changed in task and metrics, as text. */
  async diff(plan: Plan): Promise<string> {
    const { experiment } = this.store.state;
    const answer = await this.ask("action", "drift", { experiment, plan: plan.id });
    return answer?.result.diff ?? "";
  }

  /** Asks for the plan; undefined when what came is not of what is wished for now, or nothing came. */
  async load(): Promise<Plan | null | undefined> {
    const { experiment, ready, mode } = this.store.state;
    if (!experiment || !ready || mode === "run") return undefined;
    const terms = this.terms;
    const asked = keyOf(terms);
    this.asked = asked;
    const answer = await this.ask("experiment", "plan", { experiment, ...terms });
    if (experiment !== this.store.state.experiment || asked !== keyOf(this.terms)) return undefined;
    if (!answer) {
      this.store.set({ reading: false });
      return undefined;
    }
    const { plan } = answer.result;
    this.store.set({ plan, outdated: false });
    return plan;
  }

  /** What is shown next is the plan of everything. */
  forget(): void {
    this.asked = ALL;
  }

  /** The plan of everything has come, which may not be what is wished for. */
  settle(): void {
    if (keyOf(this.terms) !== ALL) void this.load();
  }

  /** Whoever chooses a group, means it. */
  private follow(group: string | null): void {
    const { scope } = this.store.state.wish;
    if (group) this.wish({ scope: "group" });
    else if (scope === "group") this.wish({ scope: "everything" });
  }

  private notice(): void {
    const { wish, selection, outdated, groups, inspected } = this.store.state;
    const seen = [wish, selection, groups, inspected];
    if (seen.every((each, at) => each === this.seen[at])) return;
    this.seen = seen;
    const now = keyOf(this.terms);
    if (wish.scope === "selection" && !selection) this.wish({ scope: "everything" });
    if (now === this.asked) return;
    this.asked = now;
    if (!outdated) this.store.set({ outdated: true });
    this.soon();
  }
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
