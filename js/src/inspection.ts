// The cell that one view looks at closely. What a server knows of it comes later, and is asked again until it has come.
import type { Ask } from "./listing";
import type { Store } from "./store";
import type { ViewState } from "./viewstate";

type Part = "cell" | "details";

export class Inspection {
  private owed = new Set<Part>();

  constructor(
    private store: Store<ViewState>,
    private ask: Ask,
  ) {}

  look(index: number): void {
    this.store.set({ inspected: { index, cell: null, details: null, kept: null, tab: null } });
    this.again();
  }

  /** The cell has changed: what is shown of it stays until the new is there. */
  again(): void {
    this.owed = new Set(this.store.state.remote ? ["cell", "details"] : ["cell"]);
    this.settle();
  }

  /** Something has come; and a run that was delivered has its trace now. */
  news(): void {
    const { inspected, remote } = this.store.state;
    if (remote && inspected && !inspected.details) this.owed.add("details");
    this.settle();
  }

  pick(tab: string | null): void {
    const { inspected } = this.store.state;
    if (inspected) this.store.set({ inspected: { ...inspected, tab } });
  }

  /** Puts the item in the notebook. */
  async keep(): Promise<void> {
    const asked = this.params();
    const answer = asked && (await this.ask("cell", "keep", asked));
    const { inspected } = this.store.state;
    if (answer && inspected && this.isShown(asked)) {
      this.store.set({ inspected: { ...inspected, kept: answer.result.name } });
    }
  }

  private settle(): void {
    for (const part of this.owed) void this.askFor(part);
  }

  private async askFor(part: Part): Promise<void> {
    const asked = this.params();
    const answer = asked && (await this.ask(part, part, asked));
    const { inspected } = this.store.state;
    if (!inspected || !this.isShown(asked)) return;
    if (answer?.result === null) return;
    this.owed.delete(part);
    if (!answer?.result) return;
    const { result } = answer;
    const change = "details" in result ? result : { cell: result };
    this.store.set({ inspected: { ...inspected, ...change } });
  }

  private params(): { experiment: string; cell: number } | null {
    const { experiment, inspected } = this.store.state;
    return inspected && { experiment, cell: inspected.index };
  }

  private isShown(asked: { experiment: string; cell: number } | null): boolean {
    const { experiment, inspected } = this.store.state;
    return experiment === asked?.experiment && inspected?.index === asked.cell;
  }
}
