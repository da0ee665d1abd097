// The words of docs/protocol.md as types, and the decoding of the buffers that come with them.

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

export type Sort = "-created_at" | "created_at" | "-updated_at" | "name";

export interface Progress {
  active: boolean;
  stopping: boolean;
  outcome: "finished" | "limited" | "stopped" | "broken" | null;
  message: string | null;
  done: number;
  total: number;
  failed: number;
  abandoned: number;
  note: string | null;
  rate: number | null;
  seconds_left: number | null;
  own: boolean;
  undelivered: Undelivered | null;
  problem: string | null;
  summary: Summary | null;
}

type Nothing = Record<string, never>;

export interface Methods {
  hello: { params: Nothing; result: Nothing };
  list: {
    params: { search: string; sort: Sort; offset: number; limit: number };
    result: { store: string; total: number; rows: Row[] } | null;
  };
  look: { params: { experiments: string[] }; result: Nothing };
  open: { params: { experiment: string }; result: { head: Head | null; plan: Plan | null } };
  plan: { params: { experiment: string } & Partial<Terms>; result: { plan: Plan | null } };
  choose: {
    params: { experiment: string } & Choice & Partial<Terms>;
    result: { plan: Plan | null };
  };
  drift: { params: { experiment: string; plan: string }; result: { diff: string } };
  compare: {
    params: { experiment: string; other: string; by: string };
    result: Comparison | null;
  };
  beside: {
    params: { experiment: string; other: string; cell: number };
    result: { run: Cell | null } | null;
  };
  cell: { params: { experiment: string; cell: number }; result: Cell | null };
  details: {
    params: { experiment: string; cell: number };
    result: { details: Details | null } | null;
  };
  facts: { params: { experiment: string; cell: number }; result: Facts };
  scales: {
    params: { experiment: string };
    result: { scales: Scale[]; measures: string[]; fields: string[] } | null;
  };
  plane: { params: { experiment: string; by: string }; result: Along | null };
  order: {
    params: { experiment: string; by: string };
    result: { by: string; groups?: [value: string | null, items: number][] } | null;
  };
  find: {
    params: { experiment: string; text: string };
    result: { text: string; total: number } | null;
  };
  select: {
    params: { experiment: string; runs: (readonly [number, number, number, number])[] };
    result: { scales: Scale[] } | null;
  };
  groups: {
    params: { experiment: string };
    result: { groups: Group[]; total: number } | null;
  };
  keep: { params: { experiment: string; cell: number }; result: { name: string } };
  resume: {
    params: {
      experiment: string;
      plan: string;
      on_drift: "warn" | "ignore";
      until_complete: boolean;
    };
    result: Nothing;
  };
  stop: { params: { experiment: string }; result: Nothing };
  snapshot: { params: Nothing; result: Nothing };
  remember: { params: Remembered; result: Nothing };
}
export type Method = keyof Methods;

export type Reply =
  | { kind: "reply"; id: number; ok: true; result: unknown }
  | { kind: "reply"; id: number; ok: false; error: { type: string; message: string } };

export type FeedMessage =
  | { kind: "key"; seq: number; head: Head; progress: Progress; coding: "bytes" | "runs" }
  | { kind: "patch"; seq: number; experiment: string; progress: Progress }
  | { kind: "changed"; seq: number; what: What[] };

/** What is old and should be asked again. */
export type What = "list" | "plan" | "cell" | "groups" | "view";

/** What one looks at, and how. */
export interface Remembered extends Record<string, unknown> {
  experiment: string;
  cell: number | null;
  tab: string | null;
  colour: string;
  sort: string;
  zoom: number;
}

export interface ControlTraits extends Record<string, unknown> {
  feed: string;
  mode: "browser" | "run";
  store: string;
  remote: boolean;
  selected: string;
  /** Empty as long as there is nothing to remember. */
  memory: Remembered | Nothing;
  /** Rectangles of items and trials: see docs/protocol.md. */
  rectangles: readonly (readonly [number, number, number, number])[];
}

/** What a saved copy shows, in the feed's trait: an experiment, or a list of them. Empty when nothing was known. */
export interface Saved {
  as_of?: string;
  head?: Head;
  counts?: Partial<Record<State, number>>;
  /** Coded as runs; neither of too many. */
  states?: DataView;
  runs?: DataView;
  groups?: Group[];
  scales?: Scale[];
  rows?: Row[];
  total?: number;
}

// A DataView is a window into a larger buffer: its own offset and length count, and types wider than
// a byte need an aligned start, hence the copies.

export function bytesOf(view: DataView | undefined): Uint8Array {
  return view ? new Uint8Array(view.buffer, view.byteOffset, view.byteLength) : new Uint8Array(0);
}

export function uint32Of(view: DataView | undefined): Uint32Array {
  return new Uint32Array(aligned(view, 4));
}

export function uint16Of(view: DataView | undefined): Uint16Array {
  return new Uint16Array(aligned(view, 2));
}

function aligned(view: DataView | undefined, width: number): ArrayBuffer {
  const bytes = bytesOf(view);
  return bytes.slice(0, bytes.length - (bytes.length % width)).buffer as ArrayBuffer;
}
