import { useMemo, useRef } from "preact/hooks";
import { stretch } from "../heatmap/raster";
import type { Row } from "../protocol";
import { count, dataset, rowState } from "../words";
import { useAround, useCalm, useViewState } from "./hooks";
import { Strip } from "./Strip";

const STRIP = 240;
const CALM = 1000;

export function ExperimentList() {
  const { rows, total, storeName, trouble, experiment } = useViewState();
  const { view } = useAround();
  const list = useRef<HTMLDivElement>(null);
  const shown = rows ?? [];
  const tabbable = shown.some((row) => row.id === experiment) ? experiment : shown[0]?.id;

  const onKeyDown = (event: KeyboardEvent) => {
    const to = destination(
      event.key,
      shown.findIndex((row) => row.id === focusedId(event)),
      shown.length,
    );
    if (to === null) return;
    event.preventDefault();
    event.stopPropagation();
    list.current?.querySelectorAll<HTMLElement>(".oprs-row")[to]?.focus();
  };

  return (
    <nav class="oprs-list" aria-label="Experiments">
      <p class="oprs-list-head">
        <span>
          Experiments in <strong>{storeName}</strong>
        </span>
        <span class="oprs-number">{rows && count(total)}</span>
      </p>
      {trouble.list && (
        <p class="oprs-trouble" role="alert">
          {trouble.list}
        </p>
      )}
      {/* biome-ignore lint/a11y/noStaticElementInteractions: arrows move among the buttons in it */}
      <div class="oprs-rows" ref={list} onKeyDown={onKeyDown}>
        {shown.map((row) => (
          <ListRow
            key={row.id}
            row={row}
            chosen={row.id === experiment}
            tabbable={row.id === tabbable}
            onChoose={() => view.open(row.id)}
          />
        ))}
        {shown.length < total && rows && (
          <p class="oprs-quiet">The newest {count(shown.length)} are shown.</p>
        )}
      </div>
    </nav>
  );
}

interface ListRowProps {
  row: Row;
  chosen: boolean;
  tabbable: boolean;
  onChoose(): void;
}

function ListRow({ row, chosen, tabbable, onChoose }: ListRowProps) {
  const { strips } = useViewState();
  const [start, length] = row.strip;
  const stored = useMemo(() => strips.subarray(start, start + length), [strips, start, length]);
  return (
    <button
      type="button"
      class="oprs-row"
      data-id={row.id}
      aria-current={chosen ? "true" : undefined}
      tabIndex={tabbable ? 0 : -1}
      onClick={onChoose}
    >
      <span class="oprs-line">
        <strong class="oprs-clip" title={row.name}>
          {row.name}
        </strong>
        {chosen ? (
          <LiveDone row={row} />
        ) : (
          row.state !== "reading" && <Done done={row.done} expected={row.expected} />
        )}
      </span>
      <span class="oprs-line oprs-quiet">
        <span class="oprs-clip">{dataset(row)}</span>
        <span>{rowState(row)}</span>
      </span>
      {chosen ? <LiveStrip stored={stored} /> : <Strip states={stored} />}
    </button>
  );
}

const Done = ({ done, expected }: { done: number; expected: number }) => (
  <span class="oprs-number oprs-quiet">
    {count(done)}/{count(expected)}
  </span>
);

/** The chosen experiment is known cell by cell, so its row keeps up with the heatmap. */
function LiveDone({ row }: { row: Row }) {
  const { head, tally, progress } = useViewState();
  const known = head?.id === row.id && progress !== null;
  const done = tally.completed + tally.replayed + tally.scores_missing;
  return <Done done={known ? done : row.done} expected={known ? head.cells : row.expected} />;
}

function LiveStrip({ stored }: { stored: Uint8Array }) {
  const { view } = useAround();
  const { tally } = useViewState();
  const calm = useCalm(tally, CALM);
  const live = useMemo(() => stretch(view.cells.bytes, STRIP), [calm, view]);
  return <Strip states={live.length ? live : stored} />;
}

const focusedId = (event: KeyboardEvent): string | undefined =>
  (event.target as HTMLElement).dataset.id;

function destination(key: string, at: number, length: number): number | null {
  if (!length) return null;
  if (key === "ArrowDown") return Math.min(length - 1, at + 1);
  if (key === "ArrowUp") return Math.max(0, at - 1);
  if (key === "Home") return 0;
  return key === "End" ? length - 1 : null;
}
