// What docs/protocol.md says of an experiment: its row, its plan, its failures and its figures.

import type { State } from "./states";

export interface Row {
  id: string;
  name: string;
  dataset: string;
  version: string;
  state: ExperimentState;
  /** Null as long as the cells are not known; `expected` is then about what the experiment says. */
  done: number | null;
  expected: number;
  failed: number;
  /** Empty of many runs, too. */
  scores: readonly Scale[];
  created_at: string;
  /** Why it is `unread` or `not_resumable`. */
  reason: string | null;
  strip: [start: number, length: number];
}

/** `reading`: not known yet, and `unread`: could not be read; of rows only. */
export type ExperimentState =
  | "reading"
  | "unread"
  | "complete"
  | "running"
  | "resumable"
  | "closed"
  | "not_resumable";

export interface Head {
  id: string;
  name: string;
  dataset: string;
  version: string;
  created_at: string;
  state: ExperimentState;
  items: number;
  trials: number;
  cells: number;
  uniform: boolean;
  newest_first: boolean;
  /** What the store could not tell of its runs. */
  note: string | null;
}

export type Range = readonly [low: number, high: number];

export interface Plan {
  id: string;
  run: number;
  score: number;
  kept: number;
  /** What is missing, too, and was not chosen. */
  left: number;
  /** Between the two, as far as anybody can tell. */
  seconds: Range | null;
  threads: number | null;
  limits: Limits;
  /** Runs tell what they cost. */
  priced: boolean;
  /** In US dollars, likewise. */
  cost: Range | null;
  task: string | null;
  metrics: string[];
  offered: { tasks: string[]; metrics: { variable: string; name: string }[] };
  chosen: Choice;
  obstacle: string | null;
  /** How the metrics differ from those that the kept runs were scored with. */
  drift: string | null;
  /** There is a diff of it. */
  differs: boolean;
}

/** Stop rules of one call. */
export interface Limits {
  max_runs: number | null;
  max_seconds: number | null;
  max_failures: number | null;
  max_cost: number | null;
}

/** Which of the missing cells a resume is of: see docs/protocol.md. */
export type Only = string | Record<string, unknown> | null;

export interface Terms {
  only: Only;
  threads: number | null;
  limits: Limits | null;
}

/** What has become of the cells by the time a resume ends. */
export interface Summary {
  kept: number;
  replayed: number;
  repaired: number;
  missing: number;
  cost: number | null;
}

/** Items by verdict, and means over those that both experiments have values of. */
export interface Comparison {
  by: string;
  shared: string[];
  better: number;
  same: number;
  worse: number;
  mean: Mean;
  other_mean: Mean;
  difference: Mean;
  only_here: number;
  only_there: number;
}

/** Variables of the notebook. */
export interface Choice {
  task: string | null;
  metrics: string[];
}

/** Failures of one kind: see docs/protocol.md. */
export interface Group {
  kind: "task" | "scoring" | "metric" | "interrupted";
  metric: string | null;
  type: string;
  message: string;
  /** As frames and `only=` name it. */
  group: string;
  count: number;
  cells: [start: number, length: number];
}

/** A score of the complete runs. */
export interface Scale extends Mean {
  by: string;
  name: string;
}

export interface Mean {
  mean: number | null;
  /** The standard error of the mean. */
  error: number | null;
  n: number;
}

/** What the cells' places along a scale mean. */
export interface Along extends Mean {
  by: string;
  low: number;
  high: number;
  worst: "low" | "high";
}

export interface Facts {
  cell: number;
  state: State;
  item: string;
  error: string | null;
  scores: { name: string; value: number | null }[];
  seconds: number | null;
  cost: number | null;
  tokens: number | null;
}
