import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { own } from "../../base/keys";
import { count, dataset, doneOf, rowState } from "../../base/words";
import { lineOf } from "../../heatmap/drawing/strip";
import type { Runs } from "../../protocol/runs";
import { arranged, isPartial, meets, passes, wanted } from "../../state/filters";
import type { ListedRow, ViewState } from "../../state/viewstate";
import { useAround, useCalm, useViewState } from "../hooks";
import { Means, meansLine } from "../Means";
import { Alert } from "../parts";
import { Finder } from "./Finder";
import { Strip } from "./Strip";

const CALM = 1000;

export function ExperimentList() {
  const state = useViewState();
  const { rows, total, storeName, remote, trouble, experiment, query, answered } = state;
  const { filter, arrangement } = state;
  const [unfolded, unfold] = useState(false);
  const { view } = useAround();
  const list = useRef<HTMLDivElement>(null);
  const meant = wanted(answered?.search ?? "");
  const among = (rows ?? []).filter((row) => meets(row, meant));
  const shown = arranged(
    among.filter((row) => passes(row, filter)),
    arrangement,
  );
  const tabbable = shown.some((row) => row.id === experiment) ? experiment : shown[0]?.id;

  const onKeyDown = (event: KeyboardEvent) => {
    const at = shown.findIndex((row) => row.id === (event.target as HTMLElement).dataset.id);
    const last = shown.length - 1;
    const to = {
      ArrowDown: Math.min(last, at + 1),
      ArrowUp: Math.max(0, at - 1),
      Home: 0,
      End: last,
    }[event.key];
    if (to === undefined || last < 0) return;
    own(event);
    list.current?.querySelectorAll<HTMLElement>(".oprs-row")[to]?.focus();
  };
  const lookAround = () => view.listing.show(list.current ? inSight(list.current) : []);
  useEffect(lookAround, [rows, view, filter]);
  useEffect(() => {
    if (answered && list.current) list.current.scrollTop = 0;
  }, [answered?.search, answered?.sort, arrangement]);

  return (
    <nav
      class={`oprs-list ${unfolded ? "oprs-unfolded" : ""}`}
      aria-label="Experiments"
      onKeyDown={(event) => event.key === "Escape" && unfold(false)}
    >
      <Picker unfolded={unfolded} onToggle={() => unfold(!unfolded)} />
      <div class="oprs-list-head">
        <p class="oprs-clip" title={storeName}>
          {!remote && "Experiments in "}
          <strong>{storeName}</strong>
        </p>
        <Finder among={among} />
      </div>
      <Alert>
        {trouble.list && [
          `${trouble.list} `,
          <button key="again" type="button" class="oprs-link" onClick={() => view.listing.load()}>
            Try again
          </button>,
        ]}
      </Alert>
      {/* biome-ignore lint/a11y/noStaticElementInteractions: arrows move among the buttons in it */}
      <div
        class="oprs-rows"
        ref={list}
        aria-busy={query !== answered}
        onKeyDown={onKeyDown}
        onScroll={lookAround}
      >
        {shown.map((row) => (
          <ListRow
            key={row.id}
            row={live(row, state)}
            chosen={row.id === experiment}
            tabbable={row.id === tabbable}
            onChoose={() => {
              unfold(false);
              void view.open(row.id);
            }}
          />
        ))}
        {rows && !shown.length && !isPartial(rows, total) && (
          <p class="oprs-quiet">No experiment matches.</p>
        )}
        {rows && rows.length < total && (
          <button type="button" class="oprs-more" onClick={() => view.listing.more()}>
            Show more <span class="oprs-quiet">({count(total - rows.length)} are not shown)</span>
          </button>
        )}
      </div>
    </nav>
  );
}

/** Where there is no room beside the experiment: which it is, and the list below on demand. */
function Picker({ unfolded, onToggle }: { unfolded: boolean; onToggle(): void }) {
  const state = useViewState();
  const { rows, head, experiment } = state;
  const row = rows?.find(({ id }) => id === experiment);
  return (
    <button type="button" class="oprs-picker" aria-expanded={unfolded} onClick={onToggle}>
      <strong class="oprs-clip">{head?.name ?? row?.name ?? "Choose an experiment"}</strong>
      <span>
        {row && <Done of={live(row, state)} />} {unfolded ? "▴" : "▾"}
      </span>
    </button>
  );
}

/** The ids of the rows that can be seen. */
function inSight(list: HTMLElement): string[] {
  const { top, bottom } = list.getBoundingClientRect();
  return [...list.querySelectorAll<HTMLElement>(".oprs-row")]
    .filter((row) => {
      const box = row.getBoundingClientRect();
      return box.bottom >= top && box.top <= bottom;
    })
    .flatMap((row) => row.dataset.id ?? []);
}

interface ListRowProps {
  row: ListedRow;
  chosen: boolean;
  tabbable: boolean;
  onChoose(): void;
}

function ListRow({ row, chosen, tabbable, onChoose }: ListRowProps) {
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
        <Done of={row} />
      </span>
      <span class="oprs-line oprs-quiet">
        <span class="oprs-clip">{dataset(row)}</span>
        <span title={row.reason ?? undefined}>{rowState(row)}</span>
      </span>
      <span class="oprs-number oprs-quiet oprs-rowmeans" title={meansLine(row.scores)}>
        <Means of={row.scores} />
      </span>
      {chosen ? <LiveStrip stored={row.runs} /> : <Strip runs={row.runs} />}
    </button>
  );
}

const Done = ({ of: { done, expected } }: { of: ListedRow }) => (
  <span class="oprs-number oprs-quiet">{doneOf(done, expected)}</span>
);

/** The open experiment is known cell by cell, so its row keeps up with the heatmap. */
function live(row: ListedRow, { head, tally, progress, scales }: ViewState): ListedRow {
  if (head?.id !== row.id) return row;
  const known = { ...row, scores: scales.length ? scales : row.scores };
  if (!progress) return known;
  return {
    ...known,
    done: tally.completed + tally.replayed + tally.scores_missing,
    expected: head.cells,
    failed: tally.task_failed + tally.scoring_failed,
    state: progress.active ? "running" : row.state,
  };
}

function LiveStrip({ stored }: { stored: Runs }) {
  const { view } = useAround();
  const { tally } = useViewState();
  const calm = useCalm(tally, CALM);
  const live = useMemo(() => lineOf(view.cells.bytes), [calm, view]);
  return <Strip runs={live.bytes.length ? live : stored} />;
}
