// What an output is compared with: the first of these fields that the item has as a text or a number.

const EXPECTED = [
  "expected_output",
  "expected",
  "reference",
  "reference_answer",
  "ground_truth",
  "golden",
  "target",
  "ideal",
  "answer",
];
const MOST = 50_000;

export interface Compared {
  /** The fields of item and output, for people. */
  field: string;
  of: string;
  expected: string;
  actual: string;
}

/** The output's text is its `output`, else the field of the same name, else its only text. Null: nothing to compare. */
export function comparison(item: unknown, output: unknown): Compared | null {
  const [given, came] = [fields(item), fields(output)];
  const field = EXPECTED.find((name) => plain(given[name]) !== null);
  if (field === undefined) return null;
  const texts = Object.keys(came).filter((name) => typeof came[name] === "string");
  const only = texts.length === 1 ? texts[0] : undefined;
  const of = ["output", field, only].find((name) => name && plain(came[name]) !== null);
  if (of === undefined) return null;
  const [expected, actual] = [plain(given[field]) ?? "", plain(came[of]) ?? ""];
  return expected.length + actual.length > MOST ? null : { field, of, expected, actual };
}

function fields(value: unknown): Record<string, unknown> {
  const held = typeof value === "object" && value !== null && !Array.isArray(value);
  return held ? (value as Record<string, unknown>) : {};
}

function plain(value: unknown): string | null {
  if (typeof value === "string") return value;
  return typeof value === "number" || typeof value === "boolean" ? String(value) : null;
}
