// Which of the listed experiments are shown: by a chip, and by words of the search that name a state. Pure.
import type { Row } from "../protocol";

export const FILTERS = ["all", "resumable", "running", "complete"] as const;
export type Filter = (typeof FILTERS)[number];

/** Words that are no part of a name but say which state is meant. */
const WORDS = [
  "resumable",
  "running",
  "complete",
  "failed",
  "closed",
  "unread",
  "not_resumable",
] as const;
type Word = (typeof WORDS)[number];

export interface Wanted {
  /** What the store is to look for in names. */
  text: string;
  words: readonly Word[];
}

export function wanted(search: string): Wanted {
  const all = search
    .replace(/\bnot resumable\b/i, "not_resumable")
    .split(/\s+/)
    .filter(Boolean);
  const isWord = (word: string): word is Word => WORDS.includes(word.toLowerCase() as Word);
  const words = all.filter(isWord).map((word) => word.toLowerCase() as Word);
  return { text: words.length ? all.filter((word) => !isWord(word)).join(" ") : search, words };
}

/** Whether a row is meant by all words: by its state, or because its name has the word after all. */
export function meets(row: Row, { words }: Wanted): boolean {
  return words.every((word) => is(row, word) || row.name.toLowerCase().includes(word));
}

function is(row: Row, word: Word): boolean {
  return word === "failed" ? row.failed > 0 : row.state === word;
}

export const passes = (row: Row, filter: Filter): boolean =>
  filter === "all" || row.state === filter;

/** Whether there are experiments, or states of them, that are not known. */
export const isPartial = (rows: readonly Row[], total: number): boolean =>
  rows.length < total || rows.some(isUnknown);

export const isUnknown = ({ state }: Row): boolean => state === "reading";

/** How many rows pass each filter. */
export function counted(rows: readonly Row[]): Readonly<Record<Filter, number>> {
  const count = (filter: Filter) => rows.filter((row) => passes(row, filter)).length;
  const counts = FILTERS.map((filter) => [filter, count(filter)]);
  return Object.fromEntries(counts) as Record<Filter, number>;
}

/** Orders of what is listed that no store can give. */
export const ARRANGEMENTS = ["most failed", "least done", "lowest score"] as const;
export type Arrangement = (typeof ARRANGEMENTS)[number];

/** By its first score; rows that do not tell come last. */
export function arranged<R extends Row>(rows: readonly R[], by: Arrangement | null): readonly R[] {
  if (!by) return rows;
  const key = (row: Row): number => {
    if (row.done === null) return Number.POSITIVE_INFINITY;
    if (by === "most failed") return -row.failed;
    if (by === "least done") return row.done / Math.max(1, row.expected);
    return row.scores[0]?.mean ?? Number.POSITIVE_INFINITY;
  };
  return [...rows].sort((one, other) => compare(key(one), key(other)));
}

const compare = (one: number, other: number) => Number(one > other) - Number(one < other);
