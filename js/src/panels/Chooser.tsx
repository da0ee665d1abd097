import { useRef } from "preact/hooks";
import type { Plan } from "../protocol";
import { chosenMetrics } from "../words";
import { useAround, useViewState } from "./hooks";

/** Task and metrics to choose from, where they are not settled: what the notebook has, and nothing else. */
export function TaskChooser({ plan }: { plan: Plan }) {
  const { view } = useAround();
  const { offered, chosen } = plan;
  return (
    <label class="oprs-choice">
      task{" "}
      <select
        class={`oprs-field ${chosen.task ? "" : "oprs-asking"}`}
        value={chosen.task ?? ""}
        onChange={(event) => view.choose(event.currentTarget.value || null, chosen.metrics)}
      >
        <option value="">choose…</option>
        {offered.tasks.map((task) => (
          <option key={task} value={task} selected={task === chosen.task}>
            {task}
          </option>
        ))}
      </select>
    </label>
  );
}

/** A task and metrics that differ from those of the kept runs: said, and meant so with a tick. */
export function Drift({ sentence }: { sentence: string }) {
  const { view } = useAround();
  const { meant } = useViewState();
  return (
    <span class="oprs-obstacle oprs-drift">
      {sentence}{" "}
      <label class="oprs-choice">
        <input
          type="checkbox"
          checked={meant}
          onChange={(event) => view.mean(event.currentTarget.checked)}
        />{" "}
        on purpose
      </label>
    </span>
  );
}

export function MetricsChooser({ plan }: { plan: Plan }) {
  const { view, prefix } = useAround();
  const details = useRef<HTMLDetailsElement>(null);
  const { offered, chosen } = plan;
  const toggle = (variable: string) => {
    const without = chosen.metrics.filter((each) => each !== variable);
    const added = without.length === chosen.metrics.length;
    view.choose(chosen.task, added ? [...without, variable] : without);
  };
  const close = () => details.current?.removeAttribute("open");
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key !== "Escape") return;
    close();
    details.current?.querySelector("summary")?.focus();
  };
  // The frame clips what leaves it: a list that would, opens to the other side.
  const onToggle = () => {
    const list = details.current?.querySelector("fieldset");
    const frame = details.current?.closest(".oprs-top");
    if (!list || !frame) return;
    list.classList.remove("oprs-leftward");
    const over = list.getBoundingClientRect().right > frame.getBoundingClientRect().right;
    list.classList.toggle("oprs-leftward", over);
  };
  const onFocusOut = ({ relatedTarget }: FocusEvent) => {
    if (relatedTarget && !details.current?.contains(relatedTarget as Node)) close();
  };
  return (
    <span class="oprs-choice">
      <span id={`${prefix}-metrics`}>metrics</span>{" "}
      <details
        class="oprs-metrics"
        ref={details}
        onKeyDown={onKeyDown}
        onToggle={onToggle}
        onFocusOut={onFocusOut}
      >
        <summary class="oprs-field" aria-describedby={`${prefix}-metrics`}>
          <span class="oprs-clip">{chosenMetrics(plan)}</span>
        </summary>
        <fieldset class="oprs-options" aria-labelledby={`${prefix}-metrics`}>
          {offered.metrics.map(({ variable, name }) => (
            <label key={variable} class="oprs-option">
              <input
                type="checkbox"
                checked={chosen.metrics.includes(variable)}
                onChange={() => toggle(variable)}
              />
              {variable}
              {name !== variable && <span class="oprs-quiet oprs-clip">{name}</span>}
            </label>
          ))}
        </fieldset>
      </details>
    </span>
  );
}
