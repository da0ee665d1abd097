// What the inspector's tabs hold. Values come from users' data: they are shown as text and as nothing else.
import type { CellError, Score } from "../protocol";

export function ErrorText({ error }: { error: CellError }) {
  const line = error.message ? `${error.type}: ${error.message}` : error.type;
  return (
    <>
      <p class="oprs-error-line">{line}</p>
      {error.traceback && <pre class="oprs-traceback">{error.traceback}</pre>}
    </>
  );
}

export function Scores({ scores }: { scores: readonly Score[] }) {
  if (!scores.length) return <p class="oprs-quiet">There are no scores.</p>;
  return (
    <table class="oprs-scores">
      <thead>
        <tr>
          <th scope="col">metric</th>
          <th scope="col">value</th>
          <th scope="col">reason</th>
        </tr>
      </thead>
      <tbody>
        {scores.map((score) => (
          <tr key={score.name} class={score.failed ? "oprs-failed" : ""}>
            <th scope="row">{score.name}</th>
            <td class="oprs-number">{score.failed ? "failed" : figure(score.value)}</td>
            <td>{score.reason}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

/** A dictionary as its entries, so that long texts keep their lines; anything else as JSON. */
export function Value({ value, nothing }: { value: unknown; nothing: string }) {
  if (value === null || value === undefined) return <p class="oprs-quiet">{nothing}</p>;
  if (typeof value !== "object" || Array.isArray(value)) return <pre>{text(value)}</pre>;
  return (
    <dl class="oprs-entries">
      {Object.entries(value).map(([key, entry]) => (
        <div key={key}>
          <dt>{key}</dt>
          <dd>{text(entry)}</dd>
        </div>
      ))}
    </dl>
  );
}

const text = (value: unknown): string =>
  typeof value === "string" ? value : JSON.stringify(value, null, 2);

const figure = (value: number | string | null): string =>
  typeof value === "number" ? String(Number(value.toPrecision(6))) : (value ?? "–");
