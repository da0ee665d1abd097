import { age, many, seconds, spaced } from "../base/words";
import { Table } from "../panels/parts";
import type { Cell } from "../protocol";

/** All attempts at a cell, newest first. */
export function Attempts({ of: { history, attempts } }: { of: Cell }) {
  if (!history.length) return <p class="oprs-quiet">It was never started.</p>;
  return (
    <>
      <Table heads={["attempt", "state", "time", "error"]}>
        {history.map((each, at) => (
          <tr key={attempts - at} aria-current={each.shown || undefined}>
            <th scope="row">
              {attempts - at}
              {each.shown && <span class="oprs-quiet"> shown</span>}
            </th>
            <td>
              {spaced(each.state)}
              <br />
              <span class="oprs-quiet">{age(each.started_at, Date.now())}</span>
            </td>
            <td class="oprs-number">{each.seconds === null ? "–" : seconds(each.seconds)}</td>
            <td class={each.error ? "oprs-trouble" : ""}>{each.error}</td>
          </tr>
        ))}
      </Table>
      {history.length < attempts && (
        <p class="oprs-quiet">{many(attempts - history.length, "older attempt")} not shown</p>
      )}
    </>
  );
}
