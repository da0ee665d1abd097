import { count } from "../../base/words";
import type { Trouble } from "../../state/troubles";
import { useAround, useViewState } from "../hooks";
import { Alert } from "../parts";

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
      <Alert>{trouble.groups}</Alert>
      {known?.length === 0 && <p class="oprs-quiet">Nothing has failed.</p>}
      {groupsInAll > groups.length && (
        <p class="oprs-quiet">{count(groupsInAll - groups.length)} smaller groups are not shown.</p>
      )}
    </section>
  );
}

const EFFECTS: Readonly<Partial<Record<Trouble["kind"], string>>> = {
  scoring: "scoring failed",
  metric: "score missing, output kept",
};

function Row({ group, most }: { group: Trouble; most: number }) {
  const { view } = useAround();
  const { group: chosen } = useViewState();
  const detail = [group.message, EFFECTS[group.kind]].filter(Boolean).join(" · ");
  const cut = group.count > group.marked.length;
  return (
    <li>
      <button
        type="button"
        class="oprs-group"
        data-kind={group.kind}
        aria-pressed={chosen === group.key}
        title={group.message + (cut ? `\nThe first ${count(group.marked.length)} are marked.` : "")}
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
