// One view's picture of what the kernel says, and what the view may ask of it. Panels read `store` and `cells`;
// nothing here knows the DOM.
import type { AnyModel } from "@anywidget/types";
import { listen } from "../base/ending";
import { coalesced, Store } from "../base/store";
import { progressLine } from "../base/words";
import { unevenShape, uniformShape } from "../heatmap/cells/shape";
import { CellStates } from "../heatmap/cells/states";
import {
  bytesOf,
  type ControlTraits,
  type Head,
  type Progress,
  type Saved,
  uint16Of,
  type What,
} from "../protocol";
import { type Counted, expand, joined } from "../protocol/runs";
import { type FeedListener, followFeed } from "../wire/feed";
import { followKernel, noticeSilence } from "../wire/presence";
import { NobodyThere, Requests } from "../wire/requests";
import { type Inspection, inspection } from "./inspection";
import { type Ask, type Listing, listing } from "./listing";
import { keepInMemory } from "./memory";
import { notify } from "./notifying";
import { EVERYTHING, type Planning, planning } from "./planning";
import { type Selecting, selecting } from "./selecting";
import { LOOKING, type Sight, sight } from "./sight";
import { type Troubles, troubled, troubles } from "./troubles";
import { firstOf, initialState, type Place, type ViewState } from "./viewstate";

const HELLOS = 3;
const REFRESH = 500;
const REINSPECT = 250;
const NO_PROGRESS = { active: false } as Progress;

export class ExperimentView implements FeedListener {
  readonly cells = new CellStates();
  readonly store: Store<ViewState>;
  readonly listing: Listing;
  readonly inspection: Inspection;
  readonly troubles: Troubles;
  readonly sight: Sight;
  readonly selecting: Selecting;
  readonly planning: Planning;
  private requests: Requests;
  private opening = 0;
  private ended = false;
  private old = new Set<What>();
  private refresh: () => void;
  private inspectAgain: () => void;

  constructor(
    private control: AnyModel<ControlTraits>,
    feed: AnyModel,
    signal: AbortSignal,
  ) {
    this.store = new Store(initialState(control, this.cells));
    this.requests = new Requests(control, signal, (late) => this.store.set({ late }));
    this.listing = listing(this.store, this.ask, signal, () => this.openFirst());
    this.inspection = inspection(this.store, this.ask);
    this.troubles = troubles(this.store, this.ask, signal);
    this.sight = sight(this.store, this.cells, this.ask, signal);
    this.planning = planning(this.store, this.cells, this.ask, signal);
    this.selecting = selecting(this.store, this.cells, this.ask, control, signal);
    keepInMemory(this.store, control, this.ask, this.sight, this.inspection, signal);
    this.refresh = coalesced(() => this.askAgain(), REFRESH, signal);
    this.inspectAgain = coalesced(() => this.inspection.again(), REINSPECT, signal);
    listen(control, "change:selected", () => this.followSelected(), signal);
    followFeed(feed, signal, this);
    followKernel(control, signal, this.kernelGone);
    this.hearken(control, feed, signal);
  }

  /** Shakes hands, then asks for what is shown first. A kernel answers requests during a busy cell only on a comm
   * that has made three round trips while idle. */
  async start(): Promise<void> {
    for (let hello = 0; hello < HELLOS; hello++) {
      if (!(await this.ask("kernel", "hello", {}))) return;
    }
    this.store.set({ ready: true });
    this.troubles.changed();
    this.sight.changed();
    if (this.state.mode === "run") return this.gap();
    await this.listing.load();
    if (this.state.experiment && !this.opening) await this.open(this.state.experiment);
  }

  /** There is no kernel: what was last known is all there is. */
  showSaved(saved: Saved): void {
    const { head, groups = [], scales = [], rows, total = 0, as_of = "" } = saved;
    const listed = rows?.map((row) => ({ ...row, runs: joined(bytesOf(undefined)) })) ?? null;
    const mode = head ? "run" : "browser";
    this.store.set({ kernel: "saved", asOf: as_of, mode, rows: listed, total });
    if (!head) return;
    const cells = expand(bytesOf(saved.states), saved.states ? head.cells : 0);
    this.key(head, NO_PROGRESS, cells, saved.runs ? uint16Of(saved.runs) : null);
    const tally = { ...this.state.tally, ...saved.counts };
    this.store.set({ scales, groups: groups.map((group) => troubled(group)), tally });
  }

  /** Says that somebody is there: the kernel does not ask a server for nobody. */
  greet(): void {
    const { ready, remote } = this.state;
    if (ready && remote && !this.requests.isPending("hello")) void this.ask("kernel", "hello", {});
  }

  async open(experiment: string): Promise<void> {
    const turn = ++this.opening;
    if (experiment !== this.state.experiment || !this.state.head) this.show(experiment);
    const answer = await this.ask("experiment", "open", { experiment });
    if (turn !== this.opening) return;
    this.opening = 0;
    if (!answer) {
      this.store.set({ reading: false });
      return this.changed(["list"]); // it may have been deleted
    }
    const { head, plan } = answer.result;
    this.store.set({
      head: head ?? this.state.head,
      plan,
      reading: head === null && !this.state.head,
    });
    this.planning.settle();
  }

  async resume(): Promise<void> {
    const { experiment, plan, meant, outdated, wish } = this.state;
    if (!plan || outdated) return;
    this.store.set({ pressed: "resume", meant: false });
    const answer = await this.ask("action", "resume", {
      experiment,
      plan: plan.id,
      on_drift: plan.drift && meant ? "ignore" : "warn",
      until_complete: wish.until,
    });
    if (!answer) this.store.set({ pressed: null });
  }

  /** Whether what the plan says of task and metrics is changed, or left out, on purpose. */
  mean(meant: boolean): void {
    this.store.set({ meant });
  }

  async choose(task: string | null, metrics: string[]): Promise<void> {
    const { experiment, plan } = this.state;
    if (!plan) return;
    this.store.set({ plan: { ...plan, chosen: { task, metrics } }, meant: false });
    const choice = { experiment, task, metrics, ...this.planning.terms() };
    const answer = await this.ask("action", "choose", choice);
    if (!answer) this.changed(["list", "plan"]);
    else if (experiment === this.state.experiment) this.store.set({ plan: answer.result.plan });
  }

  async stop(): Promise<void> {
    this.store.set({ pressed: "stop" });
    const answer = await this.ask("action", "stop", { experiment: this.state.experiment });
    if (!answer || !this.state.progress?.active) this.store.set({ pressed: null });
  }

  inspect(index: number): void {
    this.inspection.look(index);
  }

  accepts(experiment: string): boolean {
    if (this.state.kernel === "gone") return false;
    if (this.state.mode === "run" || experiment === this.state.experiment) return true;
    return !this.opening && experiment === this.control.get("selected");
  }

  key(head: Head, progress: Progress, cells: Counted, runs: Uint16Array | null): void {
    if (head.id !== this.state.experiment) this.follow(head.id);
    this.watchInspected(() => {
      const trials = Math.max(1, head.trials);
      const shape = runs ? unevenShape(runs) : uniformShape(head.items, trials);
      this.cells.replace(shape, cells.bytes, cells.counts);
    });
    this.store.set({ head, reading: false });
    this.selecting.follow();
    this.progressed(progress);
  }

  patch(progress: Progress, cells: Uint32Array, states: Uint8Array): void {
    this.watchInspected(() => this.cells.apply(cells, states));
    this.progressed(progress);
  }

  changed(what: readonly What[]): void {
    for (const each of what) this.old.add(each);
    this.refresh();
  }

  gap(): void {
    if (!this.state.ready || this.requests.isPending("snapshot")) return;
    void this.ask("kernel", "snapshot", {});
  }

  /** Whatever is heard says that somebody is there. */
  private hearken(control: AnyModel<ControlTraits>, feed: AnyModel, signal: AbortSignal): void {
    const heard = noticeSilence(
      signal,
      () => this.state.kernel === "there" && this.state.progress?.active === true,
      () => void this.ask("kernel", "hello", {}),
      () => this.store.set({ kernel: "silent" }),
    );
    const hear = () => {
      heard();
      if (this.state.kernel === "silent") this.store.set({ kernel: "there" });
    };
    for (const model of [control, feed] as AnyModel[]) listen(model, "msg:custom", hear, signal);
  }

  /** Nothing here can be asked for or will be told any more, and nothing runs. */
  private kernelGone = (): void => {
    if (this.state.kernel === "gone") return;
    const { rows, experiment, progress } = this.state;
    const halted = (id: string) => id === experiment && progress?.active === true;
    this.requests.forgetAll();
    this.cells.halt();
    this.store.set({
      kernel: "gone",
      rows: rows?.map((row) => (halted(row.id) ? { ...row, state: "resumable" } : row)) ?? null,
      ready: false,
      reading: false,
      plan: null,
      progress: null,
      pressed: null,
      late: [],
      trouble: {},
      tally: this.cells.tally(),
    });
  };

  private get state(): ViewState {
    return this.store.state;
  }

  /** Another view of this widget, or the kernel, chose an experiment: the feed carries only that one. */
  private followSelected(): void {
    const selected = this.control.get("selected");
    if (this.opening || !this.state.ready || !selected || selected === this.state.experiment)
      return;
    this.follow(selected);
    this.gap();
  }

  private follow(experiment: string): void {
    this.show(experiment);
    this.changed(["list", "plan"]);
  }

  private show(experiment: string): void {
    this.cells.replace(uniformShape(0, 1), new Uint8Array(0));
    const nothing = {
      reading: false,
      head: null,
      plan: null,
      progress: null,
      inspected: null,
      groups: null,
      groupsInAll: 0,
      group: null,
      ...LOOKING,
      pressed: null,
      meant: false,
      wish: EVERYTHING,
      outdated: false,
    };
    this.planning.forget();
    this.troubles.forget();
    this.sight.forget();
    this.selecting.forget();
    this.store.set({ ...nothing, experiment, tally: this.cells.tally(), trouble: {} });
  }

  private progressed(progress: Progress): void {
    const { pressed } = this.state;
    const was = this.state.progress?.active === true;
    const answered = pressed === "resume" ? progress.active : !progress.active || progress.stopping;
    this.store.set({
      progress,
      tally: this.cells.tally(),
      pressed: answered ? null : pressed,
    });
    this.troubles.changed();
    this.sight.changed();
    // What could not be started before has been started now, here or elsewhere.
    if (progress.active && !was) this.say("action", undefined);
    if (was && !progress.active) this.forgetPlan();
  }

  /** What was to be done is done, or part of it: nothing may be offered until the plan is asked again. */
  private forgetPlan(): void {
    const { wish, notify: wanted, head } = this.state;
    this.store.set({ plan: null, wish: { ...wish, scope: "everything" } });
    if (wanted) notify(head?.name ?? "", progressLine(this.state.progress));
    this.ended = true;
    this.changed(["list", "plan"]);
  }

  private askAgain(): void {
    const { ready, mode, inspected } = this.state;
    if (!ready) return;
    const old = this.old;
    this.old = new Set();
    if (old.has("cell") && inspected) this.inspection.news();
    if (old.has("plan") || old.has("groups")) void this.troubles.load();
    if (old.has("plan")) this.sight.again();
    else if (old.has("view")) this.sight.settle();
    if (old.has("view")) void this.selecting.settle();
    if (mode === "run") return;
    if (old.has("list")) void this.listing.load();
    if (old.has("plan")) void this.askPlan();
  }

  private async askPlan(): Promise<void> {
    const plan = await this.planning.load();
    if (plan === undefined) return;
    const over = this.state.pressed === "resume" && !this.requests.isPending("resume");
    if (over) this.store.set({ pressed: null });
    // What a run has made of the cell is known by now: it was asked while the run went on.
    if (this.ended && plan && this.state.inspected) this.inspection.again();
    if (plan) this.ended = false;
  }

  private openFirst(): void {
    const { experiment, rows, ready } = this.state;
    const first = firstOf(rows ?? []);
    if (ready && !experiment && first) void this.open(first);
  }

  private watchInspected(change: () => void): void {
    const index = this.state.inspected?.index ?? -1;
    const before = this.cells.bytes[index];
    change();
    if (index >= 0 && this.cells.bytes[index] !== before) this.inspectAgain();
  }

  /** The answer, or null after a refusal, which is then said at its place until the next try. */
  private ask: Ask = async (place, method, params) => {
    if (this.state.kernel === "gone") return null;
    this.say(place, undefined);
    try {
      return await this.requests.send(method, params);
    } catch (error) {
      if (error instanceof NobodyThere) this.kernelGone();
      else this.say(place, error instanceof Error ? error.message : String(error));
      return null;
    }
  };

  private say(place: Place, sentence: string | undefined): void {
    if (this.state.trouble[place] === sentence) return;
    const { [place]: _, ...rest } = this.state.trouble;
    this.store.set({ trouble: sentence ? { ...rest, [place]: sentence } : rest });
  }
}
