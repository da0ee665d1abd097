// What docs/protocol.md says of one cell: its attempts, its scores, its trace.

import type { State } from "./states";

export interface Score {
  name: string;
  value: number | string | null;
  reason: string | null;
  failed: boolean;
}

export interface CellError {
  type: string;
  message: string;
  traceback: string | null;
  stack: Part[];
}

/** Of a traceback: frames that belong to one package (null: the user's own), or what stands between two exceptions. */
export type Part = { package: string | null; frames: Frame[] } | { text: string };

export interface Frame {
  place: string;
  name: string | null;
  code: string;
}

/** One attempt at a cell, newest first. */
export interface PastAttempt {
  state: State;
  error: string | null;
  seconds: number | null;
  started_at: string;
  /** It is the one that fills the cell. */
  shown: boolean;
}

export interface Cell {
  cell: number;
  item_id: string;
  position: number;
  trial: number;
  state: State;
  item: unknown;
  output: unknown;
  scores: Score[];
  error: CellError | null;
  attempts: number;
  history: PastAttempt[];
  seconds: number | null;
  started_at: string | null;
  notes: string[];
  /** What task and metrics printed, warned of and logged. */
  prints: string | null;
  /** The calls of the task in this run, when there was more than one. */
  tries: Try[];
}

/** One call of the task, of a run that took several. */
export interface Try {
  number: number;
  seconds: number;
  type: string | null;
  message: string;
  waited: number;
}

/** What a server knows of a run besides its cell. */
export interface Details {
  input: unknown;
  spans: Span[];
  tokens: number | null;
  cost: number | null;
  url: string | null;
}

export interface Span {
  id: string;
  depth: number;
  name: string;
  kind: string;
  after: number;
  seconds: number | null;
  input: unknown;
  output: unknown;
  error: CellError | null;
  model: string | null;
  tokens: number | null;
  cost: number | null;
}

/** Finished runs that the server does not have yet. */
export interface Undelivered {
  waiting: number;
  refused: number;
  words: string[];
  problem: string | null;
}
