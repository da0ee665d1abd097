import type { RefObject } from "preact";
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import { own } from "../base/keys";
import { cellLine, price, spaced, webAddress } from "../base/words";
import { useAround, useViewState } from "../panels/hooks";
import { Alert } from "../panels/parts";
import { type Cell, type Details, stateOf } from "../protocol";
import { BESIDE, besideOf } from "../state/sight";
import { Attempts } from "./Attempts";
import { Comparison } from "./Comparison";
import { Copy } from "./Copy";
import { ErrorText, errorLine, Scores, Value } from "./contents";
import { Splitter, useHeight } from "./height";
import { Trace } from "./Trace";

type Tab = "Error" | "Item" | "Output" | "Scores" | "Prints" | "Attempts" | "Trace";

/** One cell looked at closely. Everything in it is text. */
export function Inspector() {
  const [height, setHeight] = useHeight();
  return (
    <div class="oprs-inspection" style={`--oprs-height:${height}px`}>
      <Splitter height={height} set={setHeight} />
      <Inspected />
    </div>
  );
}

function Inspected() {
  const { inspected, trouble } = useViewState();
  const { view } = useAround();
  if (!inspected) {
    return (
      <section class="oprs-inspector" aria-label="Inspector">
        <p class="oprs-quiet">Choose a cell to see its item, output, scores and error.</p>
      </section>
    );
  }
  const { cell, details, index } = inspected;
  const sum = details && price(details.tokens, details.cost);
  const problem = trouble.cell ?? trouble.details;
  const state = stateOf(view.cells.bytes[index]);
  return (
    <section class="oprs-inspector" aria-label="Inspector" data-cell={index}>
      <h3 class="oprs-title">
        <strong class="oprs-clip">{view.cells.label(index)}</strong>
        <span class="oprs-clip oprs-quiet"> — {cell ? cellLine(cell, state) : spaced(state)}</span>
        {sum && <span class="oprs-quiet oprs-number">{sum}</span>}
        {cell && (
          <code class="oprs-id oprs-clip" title={cell.item_id}>
            {cell.item_id}
          </code>
        )}
      </h3>
      <Alert>{problem}</Alert>
      <Tabs cell={cell} details={details} />
    </section>
  );
}

interface Looked {
  cell: Cell;
  details: Details | null;
}

/** Its tabs are known when the cell is. The panel stays from cell to cell, with the focus: `n` leads on from in here too. */
function Tabs({ cell, details }: { cell: Cell | null; details: Details | null }) {
  const { prefix, view } = useAround();
  const { late, inspected } = useViewState();
  const elsewhere = webAddress(details?.url ?? null);
  const picked = inspected?.tab as Tab | null | undefined;
  const pick = (name: Tab) => view.inspection.pick(name);
  const buttons = useRef<HTMLDivElement>(null);
  const panel = useRef<HTMLDivElement>(null);
  const tabs: Tab[] = cell ? ["Item", "Output", "Scores", "Prints", "Attempts"] : [];
  if (cell?.error) tabs.unshift("Error");
  if (details?.spans.length) tabs.push("Trace");
  const tab = picked && tabs.includes(picked) ? picked : cell && firstTab(cell);
  useFocusKept(panel);
  useLayoutEffect(() => {
    if (panel.current) panel.current.scrollTop = 0;
  }, [tab, cell?.cell]);

  const onKeyDown = (event: KeyboardEvent) => {
    const at = tabs.indexOf(tab as Tab);
    const last = tabs.length - 1;
    const to = {
      ArrowRight: (at + 1) % tabs.length,
      ArrowLeft: (at + last) % tabs.length,
      Home: 0,
      End: last,
    }[event.key];
    if (to === undefined) return;
    own(event);
    pick(tabs[to]);
    (buttons.current?.children[to] as HTMLElement | undefined)?.focus();
  };

  return (
    <>
      <div class="oprs-tabs">
        <div role="tablist" ref={buttons} onKeyDown={onKeyDown}>
          {tabs.map((name) => (
            <button
              key={name}
              type="button"
              role="tab"
              id={`${prefix}-tab-${name}`}
              aria-selected={name === tab}
              aria-controls={`${prefix}-panel`}
              tabIndex={name === tab ? 0 : -1}
              onClick={() => pick(name)}
            >
              {name}
            </button>
          ))}
        </div>
        <span class="oprs-tools">
          {tab === "Item" && <Keep />}
          {cell && tab && <Copy text={textOf(tab, cell, details)} />}
          {elsewhere && (
            <a class="oprs-link" href={elsewhere} target="_blank" rel="noopener noreferrer">
              Open in Opik ↗
            </a>
          )}
        </span>
      </div>
      <div
        class="oprs-panel"
        role="tabpanel"
        id={`${prefix}-panel`}
        aria-labelledby={`${prefix}-tab-${tab}`}
        ref={panel}
        // biome-ignore lint/a11y/noNoninteractiveTabindex: a scroll area has to be reached by the keyboard
        tabIndex={0}
      >
        {cell && tab && <Content tab={tab} cell={cell} details={details} />}
        {!cell && late.includes("cell") && (
          <p class="oprs-quiet">The kernel is busy; this is shown when it answers.</p>
        )}
      </div>
    </>
  );
}

/** What had the focus beside or in the panel may be gone with the next cell: then the panel has it. */
function useFocusKept(panel: RefObject<HTMLElement | null>): void {
  const inside = () => panel.current?.parentElement?.contains(document.activeElement);
  const was = inside();
  useLayoutEffect(() => {
    if (was && !inside()) panel.current?.focus({ preventScroll: true });
  });
}

/** Puts the item in a variable of the notebook, and names it. */
function Keep() {
  const { inspected } = useViewState();
  const { view } = useAround();
  const kept = inspected?.kept;
  return (
    <button
      type="button"
      class="oprs-fold oprs-keep"
      aria-live="polite"
      onClick={() => void view.inspection.keep()}
    >
      {kept ? (
        <>
          in the notebook as <code>{kept}</code>
        </>
      ) : (
        "Put in the notebook"
      )}
    </button>
  );
}

/** All that a tab has, also what it folds. */
function textOf(tab: Tab, cell: Cell, details: Details | null): string {
  if (tab === "Error" && cell.error) return cell.error.traceback || errorLine(cell.error);
  if (tab === "Prints") return cell.prints ?? "";
  const values: Partial<Record<Tab, unknown>> = {
    Item: itemOf(cell, details),
    Output: cell.output,
    Scores: cell.scores,
    Attempts: cell.history,
    Trace: details?.spans,
  };
  return JSON.stringify(values[tab] ?? null, null, 2);
}

/** Where the trouble is, else what the task returned, else what it was asked. */
function firstTab(cell: Cell): Tab {
  if (cell.error) return "Error";
  if (cell.scores.some(({ failed, value }) => failed || value === null)) return "Scores";
  return cell.output === null || cell.output === undefined ? "Item" : "Output";
}

function Content({ tab, cell, details }: Looked & { tab: Tab }) {
  if (tab === "Error" && cell.error) {
    return (
      <>
        <ErrorText error={cell.error} />
        <Tries of={cell} />
      </>
    );
  }
  if (tab === "Scores") return <Scores scores={cell.scores} />;
  if (tab === "Attempts") return <Attempts of={cell} />;
  if (tab === "Prints") return <Value value={cell.prints} nothing="It printed nothing." />;
  if (tab === "Trace" && details) return <Trace spans={details.spans} />;
  if (tab === "Item") return <Value value={itemOf(cell, details)} nothing="The item is empty." />;
  return (
    <>
      <Comparison item={itemOf(cell, details)} output={cell.output} />
      <Value value={cell.output} nothing="There is no output." />
      <Beside of={cell} />
      {cell.notes?.map((note) => (
        <p class="oprs-quiet" key={note}>
          {note}
        </p>
      ))}
      <Tries of={cell} />
    </>
  );
}

/** What the other experiment has in this place, while one is held against it. */
function Beside({ of: { cell } }: { of: Cell }) {
  const { view } = useAround();
  const { colour, rows, plane } = useViewState();
  const [run, setRun] = useState<Cell | null>();
  const other = rows?.find(({ id }) => besideOf(colour) === BESIDE + id);
  useEffect(() => {
    if (other) void view.sight.beside(cell).then(setRun);
  }, [view, cell, colour, plane]);
  if (!other || run === undefined) return null;
  return (
    <div class="oprs-beside">
      <p class="oprs-quiet">
        {other.name}: {run ? cellLine(run) : "never run"}
      </p>
      {run && <Value value={run.output} nothing="There is no output." />}
    </div>
  );
}

/** The calls of the task, when it took several: what each raised, and the wait after it. */
function Tries({ of: { tries } }: { of: Cell }) {
  return (
    <>
      {tries?.map(({ number, seconds, type, message, waited }) => (
        <p class="oprs-quiet" key={number}>
          {`Try ${number}, ${seconds.toFixed(1)} s: ${type ? [type, message].filter(Boolean).join(": ") : "returned"}`}
          {waited > 0 && `; waited ${waited.toFixed(1)} s`}
        </p>
      ))}
    </>
  );
}

/** The run was given the item as it was then; the dataset may not have it any more. */
function itemOf({ item }: Cell, details: Details | null): unknown {
  const gone = item && typeof item === "object" && !Object.keys(item).length;
  return gone && details ? details.input : item;
}
