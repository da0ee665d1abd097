// What the inspector's tabs hold. Values come from users' data: they are shown as text and as nothing else.

import { Table } from "../panels/parts";
import type { CellError, Score } from "../protocol";
import { LongText } from "./LongText";
import { Stack } from "./Stack";

export { Value } from "./Tree";

export function ErrorText({ error }: { error: CellError }) {
  return (
    <>
      <div class="oprs-error-line">
        <LongText text={errorLine(error)} />
      </div>
      <Trail error={error} />
    </>
  );
}

/** The frames as far as they could be read, else the text. */
function Trail({ error: { stack, traceback } }: { error: CellError }) {
  if (stack.some((part) => "frames" in part)) return <Stack parts={stack} />;
  return traceback ? (
    <div class="oprs-traceback">
      <LongText text={traceback} />
    </div>
  ) : null;
}

export const errorLine = ({ type, message }: CellError): string =>
  message ? `${type}: ${message}` : type;

export function Scores({ scores }: { scores: readonly Score[] }) {
  if (!scores.length) return <p class="oprs-quiet">There are no scores.</p>;
  return (
    <Table heads={["metric", "value", "reason"]}>
      {scores.map((score) => (
        <tr key={score.name} class={score.failed ? "oprs-failed" : ""}>
          <th scope="row">{score.name}</th>
          <td class="oprs-number">{score.failed ? "failed" : figure(score.value)}</td>
          <td>{score.reason && <LongText text={score.reason} />}</td>
        </tr>
      ))}
    </Table>
  );
}

const figure = (value: number | string | null): string =>
  typeof value === "number" ? String(Number(value.toPrecision(6))) : (value ?? "–");
