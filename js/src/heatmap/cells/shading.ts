// What is drawn of each cell, as a rank: its state, or where it lies on a scale, and whether it is marked.
// Where cells share a pixel the highest rank is seen.
import { stateOf } from "../../protocol";
import { KINDS_BY_SEVERITY, type Kind, kindOf, RANKS } from "./states";

/** Set in the rank of a marked cell: it is seen before any that is not, and those are dimmed. */
export const LIT = 0x200;
/** Rank of the first step of a scale; below it are the states. */
export const SCALE = 0x20;
export const STEPS = 255;
/** Run, and without a value: seen before any value. */
export const MISSING = SCALE + STEPS;
const NO_VALUE = 255;

/** One value a cell, 0 … 254 along a scale, 255 where there is none (docs/protocol.md: `plane`). */
export interface Plane {
  readonly values: Uint8Array;
  /** Which end of the scale is looked for. */
  readonly worst: "low" | "high";
  /** Its values are verdicts: worse, the same and better, at the ends and in the middle. */
  readonly verdicts?: boolean;
}

export interface Marking {
  /** 1 for each cell that is marked; null when that does not depend on the cell. */
  readonly cells: Uint8Array | null;
  /** The kinds that are marked; empty when it does not depend on the kind. */
  readonly kinds: ReadonlySet<Kind>;
}

export const NOTHING_MARKED: Marking = { cells: null, kinds: new Set() };

export interface Shading {
  readonly marking: Marking;
  readonly plane: Plane | null;
  /** 1 for each cell that is selected: of those that are marked, only these are lit then. */
  readonly selected?: Uint8Array | null;
}

/** By states, and nothing marked. */
export const PLAIN: Shading = { marking: NOTHING_MARKED, plane: null };

export const NOT_RUN: ReadonlySet<Kind> = new Set(["never_run", "queued", "running"]);

/** Ranks of cells by one shading. */
export class Ranks {
  /** Whether some are lit and others are not. */
  readonly marks: boolean;
  /** Whether a state byte says it all. */
  readonly plain: boolean;
  private filters: boolean;
  private lit: Uint8Array | null;
  /** Rank of a state byte, where a cell has no value. */
  private states: Uint16Array;
  /** Rank of a value. */
  private values: Uint16Array;

  constructor(readonly shading: Shading) {
    const { marking, plane, selected } = shading;
    const { kinds } = marking;
    this.filters = marking.cells !== null || kinds.size > 0;
    this.marks = this.filters || Boolean(selected);
    this.plain = !this.marks && !plane;
    this.lit = kinds.size
      ? Uint8Array.from(BYTES, (byte) => Number(kinds.has(kindOf(byte))))
      : null;
    this.states = Uint16Array.from(BYTES, (byte) =>
      plane && !NOT_RUN.has(stateOf(byte)) ? MISSING : RANKS[byte],
    );
    this.values = Uint16Array.from(BYTES, (value) => rankOfValue(value, plane?.worst ?? "low"));
  }

  /** Those of all cells: by which table the ranks of which codes are looked up. */
  all(states: Uint8Array): [codes: Uint8Array | Uint16Array, ranks: Uint8Array | Uint16Array] {
    if (this.plain) return [states, RANKS];
    const ranks = new Uint16Array(states.length);
    for (let cell = 0; cell < ranks.length; cell++) ranks[cell] = this.of(states, cell);
    return [ranks, ITSELF];
  }

  of(states: Uint8Array, cell: number): number {
    const value = this.shading.plane?.values[cell] ?? NO_VALUE;
    const rank = value === NO_VALUE ? this.states[states[cell]] : this.values[value];
    return this.isMarked(states, cell) ? rank | LIT : rank;
  }

  isMarked(states: Uint8Array, cell: number): boolean {
    const { selected } = this.shading;
    return this.marks && (!selected || selected[cell] === 1) && this.passes(states, cell);
  }

  /** Whether no filter hides it. */
  passes(states: Uint8Array, cell: number): boolean {
    if (!this.filters) return true;
    const { cells } = this.shading.marking;
    return (!cells || cells[cell] === 1) && (!this.lit || this.lit[states[cell]] === 1);
  }
}

const BYTES = Uint8Array.from({ length: 256 }, (_, byte) => byte);
const ITSELF = Uint16Array.from({ length: 2 * LIT }, (_, rank) => rank);

const rankOfValue = (value: number, worst: "low" | "high"): number =>
  SCALE + (worst === "low" ? STEPS - 1 - value : value);

/** The value that has this rank. */
export const valueOfRank = (rank: number, worst: "low" | "high"): number =>
  worst === "low" ? STEPS - 1 - (rank - SCALE) : rank - SCALE;

/** The kind that has this rank, if a kind has. */
export const kindOfRank = (rank: number): Kind | undefined => KINDS_BY_SEVERITY[rank - 1];

/** A mask of so many cells. */
export function maskOf(cells: Uint32Array, length: number): Uint8Array {
  const mask = new Uint8Array(length);
  for (let at = 0; at < cells.length; at++) mask[cells[at]] = 1;
  return mask;
}
