// The cell that one view looks at closely. What a server knows of it comes later, and is asked again until it has come.

import type { Store } from "../base/store";
import type { Ask } from "./listing";
import type { Inspected, ViewState } from "./viewstate";

type Part = "cell" | "details";

export type Inspection = ReturnType<typeof inspection>;

export function inspection(store: Store<ViewState>, ask: Ask) {
  const owed = new Set<Part>();

  const params = () => {
    const { experiment, inspected } = store.state;
    return inspected && { experiment, cell: inspected.index };
  };
  const settle = () => owed.forEach((part) => void askFor(part));

  /** What is inspected, if it is still what was asked for. */
  function shown(asked: ReturnType<typeof params>): Inspected | null {
    const { experiment, inspected } = store.state;
    return experiment === asked?.experiment && inspected?.index === asked.cell ? inspected : null;
  }

  async function askFor(part: Part): Promise<void> {
    const asked = params();
    const answer = asked && (await ask(part, part, asked));
    const inspected = shown(asked);
    if (!inspected || answer?.result === null) return;
    owed.delete(part);
    if (!answer?.result) return;
    const { result } = answer;
    store.set({
      inspected: { ...inspected, ...("details" in result ? result : { cell: result }) },
    });
  }

  /** The cell has changed: what is shown of it stays until the new is there. */
  function again(): void {
    owed.clear();
    owed.add("cell");
    if (store.state.remote) owed.add("details");
    settle();
  }

  return {
    again,
    look(index: number): void {
      store.set({ inspected: { index, cell: null, details: null, kept: null, tab: null } });
      again();
    },
    /** Something has come; and a run that was delivered has its trace now. */
    news(): void {
      const { inspected, remote } = store.state;
      if (remote && inspected && !inspected.details) owed.add("details");
      settle();
    },
    pick(tab: string | null): void {
      const { inspected } = store.state;
      if (inspected) store.set({ inspected: { ...inspected, tab } });
    },
    /** Puts the item in the notebook. */
    async keep(): Promise<void> {
      const asked = params();
      const answer = asked && (await ask("cell", "keep", asked));
      const inspected = shown(asked);
      if (answer && inspected) {
        store.set({ inspected: { ...inspected, kept: answer.result.name } });
      }
    },
  };
}
