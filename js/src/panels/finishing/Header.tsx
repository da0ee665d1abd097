import type { ComponentChildren } from "preact";
import { useRef } from "preact/hooks";
import {
  age,
  dataset,
  durations,
  isAsking,
  isDone,
  isNothingLeft,
  methodPhrases,
  type Phrase,
  planPhrases,
  resumeLabel,
  size,
  withoutChoices,
} from "../../base/words";
import type { Plan } from "../../protocol";
import { scopeOf } from "../../state/planning";
import { useAround, useRoomOnceTaken, useViewState } from "../hooks";
import { Bounds, Drift, MetricsChooser, TaskChooser } from "./Chooser";
import { ResumeMenu } from "./ResumeMenu";

const WAITING = "waiting for the kernel";
const SEPARATOR = " · ";

export function Header() {
  const { mode, head, rows, experiment } = useViewState();
  const known = head ?? rows?.find((row) => row.id === experiment) ?? null;
  const described =
    known &&
    [dataset(known), head && size(head), age(known.created_at, Date.now())]
      .filter(Boolean)
      .join(SEPARATOR);
  return (
    <>
      <header class="oprs-header">
        <h2 class="oprs-title" title={known ? `${known.name}\n${described}` : undefined}>
          <strong class="oprs-clip">{known?.name ?? " "}</strong>
          {described && <span class="oprs-clip oprs-quiet">{described}</span>}
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
  const { ready, plan, pressed, progress, kernel, outdated, wish } = useViewState();
  const nothing = !!plan && isNothingLeft(plan);
  const blocked = !plan || plan.obstacle !== null || nothing;
  const active = progress?.active === true && kernel === "there";
  const busy = !ready || kernel !== "there" || pressed !== null || active;
  const off = busy || blocked || outdated;
  const label =
    !ready && kernel === "there"
      ? WAITING
      : pressed === "resume"
        ? "starting…"
        : active
          ? "Running…"
          : resumeLabel(plan);
  return (
    <span class="oprs-split">
      <button
        type="button"
        class="oprs-button oprs-resume"
        disabled={off}
        onClick={() => view.resume()}
      >
        {label}
      </button>
      <ResumeMenu off={busy || (nothing && wish.scope === "everything")} />
    </span>
  );
}

function StopButton() {
  const { view } = useAround();
  const { mode, ready, pressed, progress, kernel, head } = useViewState();
  const waiting = !ready && kernel === "there";
  const active = progress?.active === true;
  const elsewhere = progress?.active === false && head?.state === "running";
  const ours = elsewhere || (active && progress.own);
  const stopping = pressed === "stop" || (active && progress.stopping);
  const off = !ready || kernel !== "there" || !ours || stopping;
  let label = "■ Stop";
  if (stopping) label = "stopping…";
  else if (elsewhere) label = "■ Stop there";
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

/** Pieces with keys: what is open in one of them stays so when others come and go. */
type Pieces = [key: string, piece: ComponentChildren][];

function PlanWords({ plan, active }: { plan: Plan; active: boolean }) {
  return (
    <>
      {(active ? worded("by", methodPhrases(plan)) : piecesOf(plan)).map(([key, piece], at) => (
        <span key={key}>
          {at > 0 && SEPARATOR}
          {piece}
        </span>
      ))}
    </>
  );
}

function worded(key: string, phrases: readonly Phrase[]): Pieces {
  return phrases.map((phrase, at) => [
    `${key}${at}`,
    phrase.map((piece) => (typeof piece === "string" ? piece : <b>{piece[0]}</b>)),
  ]);
}

function piecesOf(plan: Plan): Pieces {
  const [work, ...rest] = worded("does", planPhrases(withoutChoices(plan)));
  const pieces: Pieces = work ? [["work", <Work words={work[1]} />]] : [];
  if (!isNothingLeft(plan)) pieces.push(["time", <Time plan={plan} />]);
  pieces.push(...rest);
  if (plan.offered.tasks.length) pieces.push(["task", <TaskChooser plan={plan} />]);
  if (plan.offered.metrics.length) {
    pieces.push(["metrics", <MetricsChooser plan={plan} />]);
    if (!plan.chosen.metrics.length && plan.run) pieces.push(["unscored", <Unscored />]);
  }
  if (plan.drift) pieces.push(["drift", <Drift plan={plan} />]);
  if (plan.obstacle && !isAsking(plan)) {
    const quiet = isDone(plan) ? "oprs-quiet" : "oprs-obstacle";
    pieces.push(["obstacle", <span class={quiet}>{plan.obstacle}</span>]);
  }
  return pieces;
}

function Work({ words }: { words: ComponentChildren }) {
  const { view } = useAround();
  const state = useViewState();
  const { scope, until } = state.wish;
  const some = scope !== "everything" && scopeOf(state, view.cells)?.name;
  const how = [some, until && "until complete"].filter(Boolean).join(", ");
  return (
    <>
      {how && <span class="oprs-scope">{how}: </span>}
      {words}
    </>
  );
}

function Time({ plan }: { plan: Plan }) {
  return (
    <>
      {plan.seconds && (
        <>
          about <b>{durations(plan.seconds)}</b>{" "}
        </>
      )}
      <Bounds plan={plan} />
    </>
  );
}

const Unscored = () => (
  <span class="oprs-obstacle">
    without metrics, runs are made and not scored: a later resume can score them
  </span>
);
