// Which of the missing runs are wished for, and on which terms; the plan is asked again whenever that changes.
import type { Ask } from "./listing";
import type { Limits, Only, Plan, Terms } from "./protocol";
import { coalesced, type Store } from "./store";
import type { ViewState } from "./viewstate";

const SOON = 60;

export type Scope = "everything" | "failed" | "scores" | "group" | "selection" | "run" | "trial";

export interface Wish {
  scope: Scope;
  /** Of one run, or one trial of every item. */
  one: { only: Only; name: string } | null;
  threads: number | null;
  limits: Limits | null;
}

export const EVERYTHING: Wish = { scope: "everything", one: null, threads: null, limits: null };

export class Planning {
  private asked = ALL;
  private seen: readonly unknown[] = [];
  private soon: () => void;

  constructor(
    private store: Store<ViewState>,
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
    signal.addEventListener("abort", stop, { once: true });
  }

  wish(change: Partial<Wish>): void {
    this.store.set({ wish: { ...this.store.state.wish, ...change } });
  }

  get terms(): Terms {
    const { threads, limits } = this.store.state.wish;
    return { only: onlyOf(this.store.state), threads, limits };
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
    const { wish, selection, outdated, groups } = this.store.state;
    const seen = [wish, selection, groups];
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

/** `only` of docs/protocol.md. */
export function onlyOf({ wish, groups, group, selection }: ViewState): Only {
  const chosen = groups?.find(({ key }) => key === group);
  if (wish.scope === "failed") return "failed";
  if (wish.scope === "scores") return "scores_missing";
  if (wish.scope === "selection" && selection) return { runs: selection.rectangles };
  if (wish.scope === "group" && chosen) {
    return { groups: chosen.group, ...(chosen.metric && { metrics: chosen.metric }) };
  }
  return wish.one && (wish.scope === "run" || wish.scope === "trial") ? wish.one.only : null;
}

/** What is wished for, in words before the plan; empty: everything. */
export function scopeName({ wish, groups, group }: ViewState): string {
  const chosen = groups?.find(({ key }) => key === group);
  const names: Record<Scope, string> = {
    everything: "",
    failed: "only failed",
    scores: "only missing scores",
    group: chosen ? `only ${chosen.type || chosen.message}` : "",
    selection: "the selection",
    run: wish.one?.name ?? "",
    trial: wish.one?.name ?? "",
  };
  return names[wish.scope];
}
