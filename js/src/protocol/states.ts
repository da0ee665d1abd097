// States of cells, as docs/protocol.md has them.

export const STATES = [
  "never_run",
  "queued",
  "running",
  "completed",
  "scores_missing",
  "task_failed",
  "scoring_failed",
  "interrupted",
] as const;
export type State = (typeof STATES)[number];

/** Set in a state byte when the cell was filled by the resume at hand, not kept from before. */
export const REPLAYED = 0x80;

export const stateOf = (byte: number): State => STATES[byte & 0x07];
