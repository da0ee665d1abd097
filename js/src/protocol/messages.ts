// What is asked and said, in the words of docs/protocol.md.

import type { Cell, Details, Undelivered } from "./cells";
import type {
  Along,
  Choice,
  Comparison,
  Facts,
  Group,
  Head,
  Plan,
  Row,
  Scale,
  Summary,
  Terms,
} from "./experiments";
import type { State } from "./states";

export type Sort = "-created_at" | "created_at" | "-updated_at" | "name";

export interface Progress {
  active: boolean;
  stopping: boolean;
  outcome: "finished" | "limited" | "waiting" | "stopped" | "broken" | null;
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
    params: {
      experiment: string;
      runs: (readonly [number, number, number, number])[];
      followed: boolean;
    };
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
