// One view's picture of what the kernel says, and what the view may ask of it. Panels read `store` and `cells`;
// nothing here knows the DOM.
import type { AnyModel } from "@anywidget/types";
import { Feed, type FeedListener } from "./feed";
import { unevenShape, uniformShape } from "./heatmap/shape";
import { CellStates } from "./heatmap/states";
import { bytesOf, type ControlTraits, type Head, type Method, type Progress } from "./protocol";
import { Requests } from "./requests";
import { coalesced, Store } from "./store";
import { firstOf, initialState, type Place, type ViewState } from "./viewstate";

const HELLOS = 3;
const ROWS = 200;
const REFRESH = 500;
const REINSPECT = 250;

export class ExperimentView implements FeedListener {
  readonly cells = new CellStates();
  readonly store: Store<ViewState>;
  private requests: Requests;
  private opening = 0;
  private refresh: () => void;
  private inspectAgain: () => void;

  constructor(
    private control: AnyModel<ControlTraits>,
    feed: AnyModel,
    signal: AbortSignal,
  ) {
    this.store = new Store(initialState(control, this.cells));
    this.requests = new Requests(control, signal, (late) => this.store.set({ late }));
    this.refresh = coalesced(() => this.askAgain(), REFRESH, signal);
    this.inspectAgain = coalesced(() => this.askCell(), REINSPECT, signal);
    const follow = () => this.followSelected();
    control.on("change:selected", follow);
    signal.addEventListener("abort", () => control.off("change:selected", follow), { once: true });
    new Feed(feed, signal, this);
  }

  /** Shakes hands, then asks for what is shown first. A kernel answers requests during a busy cell only on a comm
   * that has made three round trips while idle. */
  async start(): Promise<void> {
    for (let hello = 0; hello < HELLOS; hello++) {
      if (!(await this.ask("kernel", "hello", {}))) return;
    }
    this.store.set({ ready: true });
    if (this.state.mode === "run") return this.gap();
    await this.list();
    const first = this.state.experiment || firstOf(this.state.rows ?? []);
    if (first) await this.open(first);
  }

  async open(experiment: string): Promise<void> {
    const turn = ++this.opening;
    if (experiment !== this.state.experiment || !this.state.head) this.show(experiment);
    const answer = await this.ask("experiment", "open", { experiment });
    if (turn !== this.opening) return;
    this.opening = 0;
    if (!answer) return;
    const { head, plan } = answer.result;
    this.store.set({
      head: head ?? this.state.head,
      plan,
      reading: head === null && !this.state.head,
    });
  }

  async resume(): Promise<void> {
    const { experiment, plan } = this.state;
    if (!plan) return;
    this.store.set({ pressed: "resume" });
    const answer = await this.ask("action", "resume", { experiment, plan: plan.id });
    if (!answer) this.store.set({ pressed: null });
  }

  async choose(task: string | null, metrics: string[]): Promise<void> {
    const { experiment, plan } = this.state;
    if (!plan) return;
    this.store.set({ plan: { ...plan, chosen: { task, metrics } } });
    const answer = await this.ask("action", "choose", { experiment, task, metrics });
    if (!answer) this.refresh();
    else if (experiment === this.state.experiment) this.store.set({ plan: answer.result.plan });
  }

  async stop(): Promise<void> {
    this.store.set({ pressed: "stop" });
    const answer = await this.ask("action", "stop", { experiment: this.state.experiment });
    if (!answer) this.store.set({ pressed: null });
  }

  inspect(index: number): void {
    this.store.set({ inspected: { index, cell: null } });
    void this.askCell();
  }

  accepts(experiment: string): boolean {
    if (this.state.mode === "run" || experiment === this.state.experiment) return true;
    return !this.opening && experiment === this.control.get("selected");
  }

  key(head: Head, progress: Progress, states: Uint8Array, runs: Uint16Array | null): void {
    if (head.id !== this.state.experiment) this.follow(head.id);
    this.watchInspected(() => {
      const trials = Math.max(1, head.trials);
      this.cells.replace(runs ? unevenShape(runs) : uniformShape(head.items, trials), states);
    });
    this.store.set({ head, reading: false });
    this.progressed(progress);
  }

  patch(progress: Progress, cells: Uint32Array, states: Uint8Array): void {
    this.watchInspected(() => this.cells.apply(cells, states));
    this.progressed(progress);
  }

  changed(): void {
    this.refresh();
  }

  gap(): void {
    if (!this.state.ready || this.requests.isPending("snapshot")) return;
    void this.ask("kernel", "snapshot", {});
  }

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
    this.refresh();
  }

  private show(experiment: string): void {
    this.cells.replace(uniformShape(0, 1), new Uint8Array(0));
    const nothing = {
      reading: false,
      head: null,
      plan: null,
      progress: null,
      inspected: null,
      pressed: null,
    };
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
    // What could not be started before has been started now, here or elsewhere.
    if (progress.active && !was) this.say("action", undefined);
    if (was && !progress.active) this.forgetPlan();
  }

  /** What was to be done is done, or part of it: nothing may be offered until the plan is asked again. */
  private forgetPlan(): void {
    this.store.set({ plan: null });
    this.refresh();
  }

  private async askAgain(): Promise<void> {
    if (!this.state.ready || this.state.mode === "run") return;
    const { experiment } = this.state;
    void this.list();
    if (!experiment) return;
    const answer = await this.ask("experiment", "plan", { experiment });
    if (!answer || experiment !== this.state.experiment) return;
    const over = this.state.pressed === "resume" && !this.requests.isPending("resume");
    this.store.set({ plan: answer.result.plan, pressed: over ? null : this.state.pressed });
  }

  private async list(): Promise<void> {
    const answer = await this.ask("list", "list", { search: "", offset: 0, limit: ROWS });
    if (!answer) return;
    const { rows, total, store } = answer.result;
    this.store.set({ rows, total, storeName: store, strips: bytesOf(answer.buffers[0]) });
  }

  private watchInspected(change: () => void): void {
    const index = this.state.inspected?.index ?? -1;
    const before = this.cells.bytes[index];
    change();
    if (index >= 0 && this.cells.bytes[index] !== before) this.inspectAgain();
  }

  private async askCell(): Promise<void> {
    const { experiment, inspected } = this.state;
    if (!inspected) return;
    const { index } = inspected;
    const answer = await this.ask("cell", "cell", { experiment, cell: index });
    if (!answer || experiment !== this.state.experiment) return;
    if (this.state.inspected?.index !== index) return;
    this.store.set({ inspected: { index, cell: answer.result } });
  }

  /** The answer, or null after a refusal, which is then said at its place until the next try. */
  private async ask<M extends Method>(
    place: Place,
    ...request: Parameters<typeof this.requests.send<M>>
  ) {
    this.say(place, undefined);
    try {
      return await this.requests.send<M>(...request);
    } catch (error) {
      this.say(place, error instanceof Error ? error.message : String(error));
      return null;
    }
  }

  private say(place: Place, sentence: string | undefined): void {
    if (this.state.trouble[place] === sentence) return;
    const { [place]: _, ...rest } = this.state.trouble;
    this.store.set({ trouble: sentence ? { ...rest, [place]: sentence } : rest });
  }
}
