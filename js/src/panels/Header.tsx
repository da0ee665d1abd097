import type { ComponentChildren } from "preact";
import { useRef } from "preact/hooks";
import type { Plan } from "../protocol";
import {
  age,
  dataset,
  isAsking,
  isDone,
  isNothingLeft,
  methodPhrases,
  planPhrases,
  resumeLabel,
  size,
  withoutChoices,
} from "../words";
import { Drift, MetricsChooser, TaskChooser } from "./Chooser";
import { useAround, useRoomOnceTaken, useViewState } from "./hooks";

const WAITING = "waiting for the kernel";
const SEPARATOR = " · ";

export function Header() {
  const { mode, head, rows, experiment } = useViewState();
  const known = head ?? rows?.find((row) => row.id === experiment) ?? null;
  return (
    <>
      <header class="oprs-header">
        <h2 class="oprs-title">
          <strong class="oprs-clip" title={known?.name}>
            {known?.name ?? " "}
          </strong>
          {known && (
            <span class="oprs-clip oprs-quiet">
              {[dataset(known), head && size(head), age(known.created_at, Date.now())]
                .filter(Boolean)
                .join(" · ")}
            </span>
          )}
        </h2>
        <div class="oprs-buttons">
          <StopButton />
          {mode === "browser" && <ResumeButton />}
        </div>
      </header>
      {head?.note && <p class="oprs-note oprs-quiet">{head.note}</p>}
    </>
  );
}

function ResumeButton() {
  const { view } = useAround();
  const { ready, plan, pressed, progress, kernel } = useViewState();
  const blocked = !plan || plan.obstacle !== null || isNothingLeft(plan);
  const active = progress?.active === true && kernel === "there";
  const off = !ready || kernel !== "there" || blocked || pressed !== null || active;
  const label =
    !ready && kernel === "there"
      ? WAITING
      : pressed === "resume"
        ? "starting…"
        : active
          ? "Running…"
          : resumeLabel(plan);
  return (
    <button
      type="button"
      class="oprs-button oprs-resume"
      disabled={off}
      onClick={() => view.resume()}
    >
      {label}
    </button>
  );
}

function StopButton() {
  const { view } = useAround();
  const { mode, ready, pressed, progress, kernel } = useViewState();
  const waiting = !ready && kernel === "there";
  const active = progress?.active === true;
  const ours = active && progress.own;
  const stopping = pressed === "stop" || (active && progress.stopping);
  const off = !ready || kernel !== "there" || !ours || stopping;
  let label = "■ Stop";
  if (stopping) label = "stopping…";
  else if (active && !progress.own) label = "Stop: ■ of the cell";
  else if (waiting && (active || mode === "run")) label = WAITING;
  return (
    <button
      type="button"
      class="oprs-button oprs-stop"
      disabled={off}
      title={waiting ? WAITING : undefined}
      onClick={() => view.stop()}
    >
      {label}
    </button>
  );
}

/** What Resume will do, in words, or why it cannot be pressed. */
export function PlanBar() {
  const { mode, plan, progress, trouble, experiment } = useViewState();
  const sentence = trouble.action ?? trouble.experiment;
  const box = useRef<HTMLDivElement>(null);
  useRoomOnceTaken(box, experiment, [plan, sentence, progress?.active]);
  if (mode === "run" && !sentence) return null;
  return (
    <div class="oprs-plan" ref={box}>
      {sentence ? (
        <span class="oprs-trouble" role="alert">
          {sentence}
        </span>
      ) : (
        plan && <PlanWords plan={plan} active={progress?.active === true} />
      )}
    </div>
  );
}

function PlanWords({ plan, active }: { plan: Plan; active: boolean }) {
  const phrases = active ? methodPhrases(plan) : planPhrases(withoutChoices(plan));
  const obstacle = active || isAsking(plan) ? null : plan.obstacle;
  const pieces: ComponentChildren[] = phrases.map((phrase) =>
    phrase.map((piece) => (typeof piece === "string" ? piece : <b>{piece[0]}</b>)),
  );
  if (!active && plan.offered.tasks.length) pieces.push(<TaskChooser plan={plan} />);
  if (!active && plan.offered.metrics.length) pieces.push(<MetricsChooser plan={plan} />);
  if (!active && plan.drift) pieces.push(<Drift sentence={plan.drift} />);
  if (obstacle) {
    pieces.push(<span class={isDone(plan) ? "oprs-quiet" : "oprs-obstacle"}>{obstacle}</span>);
  }
  return (
    <>
      {pieces.map((piece, at) => (
        <span key={at}>
          {at > 0 && SEPARATOR}
          {piece}
        </span>
      ))}
    </>
  );
}
