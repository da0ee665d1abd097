// The state bytes of an experiment: the one truth that the heatmap, the legend and the strip draw from.

import { count } from "../../base/words";
import { REPLAYED, STATES, type State, stateOf } from "../../protocol";
import { countsOf } from "../../protocol/runs";
import {
  type Groups,
  groupAt,
  itemOf,
  NO_CELLS,
  placeOf,
  type Shape,
  sameShape,
  sorted,
  trialOf,
} from "./shape";

/** What the legend tells apart: the states, and the completed cells that this resume filled. */
export type Kind = State | "replayed";
export type Tally = Readonly<Record<Kind, number>>;

/** From the least to the most troubling: where cells share a pixel, the last of these is seen. */
export const KINDS_BY_SEVERITY: readonly Kind[] = [
  "completed",
  "replayed",
  "never_run",
  "queued",
  "running",
  "interrupted",
  "scores_missing",
  "scoring_failed",
  "task_failed",
];

/** As the legend names them and a stacked bar shows them: what is done first, what was never run last. */
export const KINDS_IN_ORDER: readonly Kind[] = [
  "completed",
  "replayed",
  "task_failed",
  "scoring_failed",
  "scores_missing",
  "interrupted",
  "running",
  "queued",
  "never_run",
];

export function kindOf(byte: number): Kind {
  const state = stateOf(byte);
  return state === "completed" && byte & REPLAYED ? "replayed" : state;
}

/** State byte → 1 + its place in KINDS_BY_SEVERITY; 0 is left for "no cell here". */
export const RANKS = Uint8Array.from({ length: 256 }, (_, byte) => {
  return 1 + KINDS_BY_SEVERITY.indexOf(kindOf(byte));
});

const TROUBLED: ReadonlySet<State> = new Set(["task_failed", "scoring_failed", "scores_missing"]);

/** Whether somebody should look at it. An interrupted run has nothing to tell. */
export const isTroubled = (byte: number): boolean => TROUBLED.has(stateOf(byte));

const HALTED: Partial<Record<State, number>> = {
  queued: STATES.indexOf("never_run"),
  running: STATES.indexOf("interrupted"),
};

/** Told which cells changed, or null when all did. */
export type CellsListener = (changed: Uint32Array | null) => void;

export class CellStates {
  bytes: Uint8Array = new Uint8Array(0);
  shape: Shape = NO_CELLS;
  private counts: Uint32Array = new Uint32Array(256);
  private listeners = new Set<CellsListener>();

  subscribe(listener: CellsListener): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  replace(shape: Shape, bytes: Uint8Array, counts = countsOf(bytes)): void {
    // The same object while it says the same: what was laid out for it stands.
    if (!sameShape(shape, this.shape)) this.shape = shape;
    this.bytes = bytes;
    this.counts = counts;
    this.tell(null);
  }

  /** Draws the items in this order; null is the experiment's own. */
  sort(order: Uint32Array | null, groups: Groups | null = null): void {
    this.shape = sorted(this.shape, order, groups);
    this.tell(null);
  }

  apply(cells: Uint32Array, states: Uint8Array): void {
    for (let i = 0; i < cells.length; i++) this.put(cells[i], states[i]);
    this.tell(cells.filter((cell) => cell < this.bytes.length));
  }

  /** What waited or ran will not go on: it was never run, or interrupted. */
  halt(): void {
    this.replace(
      this.shape,
      this.bytes.map((byte) => HALTED[stateOf(byte)] ?? byte),
    );
  }

  tally(): Tally {
    const tally = Object.fromEntries([...STATES, "replayed"].map((kind) => [kind, 0])) as Record<
      Kind,
      number
    >;
    this.counts.forEach((count, byte) => {
      if (count) tally[kindOf(byte)] += count;
    });
    return tally;
  }

  /** "item 16 · trial 1", both from 0, as the API and data frames count; and its group. */
  label(cell: number): string {
    const { shape } = this;
    const item = itemOf(shape, cell);
    const group = shape.groups?.names[groupAt(shape, placeOf(shape, item))];
    return `item ${count(item)} · trial ${trialOf(shape, cell)}${group ? ` · ${group}` : ""}`;
  }

  private put(cell: number, byte: number): void {
    if (cell >= this.bytes.length) return;
    this.counts[this.bytes[cell]]--;
    this.counts[byte]++;
    this.bytes[cell] = byte;
  }

  private tell(changed: Uint32Array | null): void {
    for (const listener of [...this.listeners]) listener(changed);
  }
}
