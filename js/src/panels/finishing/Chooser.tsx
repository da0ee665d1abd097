import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import { boundsLine, chosenMetrics } from "../../base/words";
import type { Limits, Plan } from "../../protocol";
import { useAround, useViewState } from "../hooks";
import { Popover } from "../Popover";
import { Select } from "../parts";

/** Task and metrics to choose from, where they are not settled: what the notebook has, and nothing else. */
export function TaskChooser({ plan }: { plan: Plan }) {
  const { view } = useAround();
  const { offered, chosen } = plan;
  return (
    // biome-ignore lint/a11y/noLabelWithoutControl: a Select is one
    <label class="oprs-choice">
      task{" "}
      <Select
        class={chosen.task ? "" : "oprs-asking"}
        value={chosen.task ?? ""}
        choices={[["", "choose…"], ...offered.tasks.map((task) => [task, task] as const)]}
        onChoose={(task) => view.choose(task || null, chosen.metrics)}
      />
    </label>
  );
}

/** A task and metrics that differ from those of the kept runs: said, shown as a diff, and meant so with a tick. */
export function Drift({ plan }: { plan: Plan }) {
  const { view } = useAround();
  const { meant } = useViewState();
  return (
    <span class="oprs-obstacle oprs-drift">
      {plan.drift}{" "}
      {plan.differs && (
        <Popover label="diff" name="What has changed">
          <Diff plan={plan} />
        </Popover>
      )}{" "}
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

const TINTS: Readonly<Record<string, string>> = { "+": "oprs-new", "-": "oprs-old" };

function Diff({ plan }: { plan: Plan }) {
  const { view } = useAround();
  const [text, setText] = useState("…");
  useEffect(() => {
    void view.planning.diff(plan).then(setText);
  }, [view, plan.id]);
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a scroll area has to be reached by the keyboard
    <pre class="oprs-changes" tabIndex={0}>
      {text.split("\n").map((line, at) => (
        <span key={at} class={TINTS[line[0]]}>{`${line}\n`}</span>
      ))}
    </pre>
  );
}

export function MetricsChooser({ plan }: { plan: Plan }) {
  const { view, prefix } = useAround();
  const { offered, chosen } = plan;
  const toggle = (variable: string) => {
    const without = chosen.metrics.filter((each) => each !== variable);
    const added = without.length === chosen.metrics.length;
    view.choose(chosen.task, added ? [...without, variable] : without);
  };
  return (
    <span class="oprs-choice oprs-metrics">
      <span id={`${prefix}-metrics`}>metrics</span>{" "}
      <Popover label={chosenMetrics(plan)} name="Metrics" labelledBy={`${prefix}-metrics`}>
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
      </Popover>
    </span>
  );
}

/** With how many threads, and when it stops by itself. */
export function Bounds({ plan }: { plan: Plan }) {
  return (
    <span class="oprs-choice">
      {plan.seconds ? "at " : ""}
      <Popover label={boundsLine(plan)} name="Threads and stop rules">
        <Rules plan={plan} />
      </Popover>
    </span>
  );
}

const RULES: readonly (readonly [keyof Limits, string])[] = [
  ["max_runs", "runs started"],
  ["max_seconds", "seconds"],
  ["max_failures", "failures"],
  ["max_cost", "US dollars"],
];

function Rules({ plan }: { plan: Plan }) {
  const { view } = useAround();
  const rules = RULES.filter(([rule]) => rule !== "max_cost" || plan.priced);
  return (
    <>
      <Figure
        name="threads"
        value={plan.threads}
        whole
        most={1000}
        onChange={(threads) => view.planning.wish({ threads })}
      />
      <p class="oprs-quiet">Stop by itself after</p>
      {rules.map(([rule, name]) => (
        <Figure
          key={rule}
          name={name}
          value={plan.limits[rule]}
          whole={rule === "max_runs" || rule === "max_failures"}
          onChange={(value) => view.planning.wish({ limits: { ...plan.limits, [rule]: value } })}
        />
      ))}
    </>
  );
}

interface FigureProps {
  name: string;
  value: number | null;
  whole: boolean;
  most?: number;
  onChange(value: number | null): void;
}

/** A number above 0, or none. Another is not asked for, and put back. */
function Figure({ name, value, whole, most, onChange }: FigureProps) {
  const known = `${value ?? ""}`;
  const box = useRef<HTMLInputElement>(null);
  // What is being typed is the person's: a plan that comes meanwhile must not put it back.
  useLayoutEffect(() => {
    const input = box.current;
    if (input && !input.matches(":focus")) input.value = known;
  });
  const change = (input: HTMLInputElement) => {
    if (input.validity.valid) onChange(Number(input.value) || null);
  };
  return (
    <label class="oprs-option">
      <input
        type="number"
        class="oprs-figure"
        min={whole ? 1 : 0.001}
        max={most}
        step={whole ? 1 : "any"}
        placeholder="–"
        ref={box}
        onChange={(event) => change(event.currentTarget)}
        onBlur={({ currentTarget: input }) => {
          if (!input.validity.valid) input.value = known;
        }}
        // JupyterLab takes Enter before the browser makes a change of it.
        onKeyDown={({ key, currentTarget }) => key === "Enter" && change(currentTarget)}
      />
      {name}
    </label>
  );
}
