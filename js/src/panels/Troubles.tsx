import type { Trouble } from "../troubles";
import { count } from "../words";
import { useAround, useViewState } from "./hooks";

/** Why runs failed: one line a group, the largest first. A chosen one marks its cells. There is room for it from the
 * beginning. */
export function Troubles() {
  const { groups: known, groupsInAll, trouble } = useViewState();
  const groups = known ?? [];
  const most = Math.max(...groups.map((group) => group.count));
  return (
    <section class="oprs-troubles" aria-label="Why runs failed">
      <h3 class="oprs-heading">Why runs failed</h3>
      <ul>
        {groups.map((group) => (
          <Row key={group.key} group={group} most={most} />
        ))}
      </ul>
      {trouble.groups && (
        <p class="oprs-trouble" role="alert">
          {trouble.groups}
        </p>
      )}
      {known?.length === 0 && <p class="oprs-quiet">Nothing has failed.</p>}
      {groupsInAll > groups.length && (
        <p class="oprs-quiet">{count(groupsInAll - groups.length)} smaller groups are not shown.</p>
      )}
    </section>
  );
}

const EFFECTS: Readonly<Record<Trouble["kind"], string>> = {
  task: "",
  scoring: "scoring failed",
  metric: "score missing, output kept",
  interrupted: "",
};

function Row({ group, most }: { group: Trouble; most: number }) {
  const { view } = useAround();
  const { group: chosen } = useViewState();
  const below = [group.kind === "interrupted" ? "" : group.message, EFFECTS[group.kind]];
  const detail =
    below.filter(Boolean).join(" · ") || (group.kind === "interrupted" ? group.message : "");
  const cut = group.count > group.marked.length;
  return (
    <li>
      <button
        type="button"
        class="oprs-group"
        data-kind={group.kind}
        aria-pressed={chosen === group.key}
        title={
          cut
            ? `${group.message}\nThe first ${count(group.marked.length)} are marked.`
            : group.message
        }
        onClick={() => view.troubles.choose(group.key)}
      >
        <span class="oprs-line">
          <span class="oprs-clip">
            <Name group={group} />
          </span>
          <span class="oprs-number">{count(group.count)}</span>
        </span>
        <span class="oprs-clip oprs-quiet">{detail}</span>
        <span
          class="oprs-share"
          style={`width:${(100 * group.count) / most}%`}
          aria-hidden="true"
        />
      </button>
    </li>
  );
}

function Name({ group: { kind, metric, type, message } }: { group: Trouble }) {
  if (kind === "interrupted") return <strong>Interrupted</strong>;
  if (kind !== "metric") return <strong>{type || message}</strong>;
  return (
    <>
      <strong>{metric}</strong> {type ? `raised ${type}` : message}
    </>
  );
}
