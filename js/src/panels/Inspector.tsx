import { useRef, useState } from "preact/hooks";
import { type Cell, stateOf } from "../protocol";
import { cellLine, spaced } from "../words";
import { ErrorText, Scores, Value } from "./contents";
import { useAround, useViewState } from "./hooks";

type Tab = "Error" | "Item" | "Output" | "Scores";

/** One cell looked at closely. Everything in it is text. */
export function Inspector() {
  const { inspected, late, trouble } = useViewState();
  const { view } = useAround();
  if (!inspected) {
    return (
      <section class="oprs-inspector" aria-label="Inspector">
        <p class="oprs-quiet">Choose a cell to see its item, output, scores and error.</p>
      </section>
    );
  }
  const { cell, index } = inspected;
  const state = stateOf(view.cells.bytes[index]);
  return (
    <section class="oprs-inspector" aria-label="Inspector" data-cell={index}>
      <h3 class="oprs-title">
        <strong class="oprs-clip">{view.cells.label(index)}</strong>
        <span class="oprs-clip oprs-quiet"> — {cell ? cellLine(cell) : spaced(state)}</span>
        {cell && <code class="oprs-id oprs-clip">{cell.item_id}</code>}
      </h3>
      {trouble.cell && (
        <p class="oprs-trouble" role="alert">
          {trouble.cell}
        </p>
      )}
      {cell ? (
        <Tabs cell={cell} key={index} />
      ) : (
        late.includes("cell") && (
          <p class="oprs-quiet">The kernel is busy; this is shown when it answers.</p>
        )
      )}
    </section>
  );
}

function Tabs({ cell }: { cell: Cell }) {
  const { prefix } = useAround();
  const [picked, pick] = useState<Tab | null>(null);
  const buttons = useRef<HTMLDivElement>(null);
  const tabs: Tab[] = cell.error
    ? ["Error", "Item", "Output", "Scores"]
    : ["Item", "Output", "Scores"];
  const tab = picked && tabs.includes(picked) ? picked : firstTab(cell);

  const onKeyDown = (event: KeyboardEvent) => {
    const by = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!by) return;
    event.preventDefault();
    event.stopPropagation();
    const to = (tabs.indexOf(tab) + by + tabs.length) % tabs.length;
    pick(tabs[to]);
    (buttons.current?.children[to] as HTMLElement | undefined)?.focus();
  };

  return (
    <>
      <div class="oprs-tabs" role="tablist" ref={buttons} onKeyDown={onKeyDown}>
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
      <div
        class="oprs-panel"
        role="tabpanel"
        id={`${prefix}-panel`}
        aria-labelledby={`${prefix}-tab-${tab}`}
        // biome-ignore lint/a11y/noNoninteractiveTabindex: a scroll area has to be reached by the keyboard
        tabIndex={0}
      >
        <Content tab={tab} cell={cell} />
      </div>
    </>
  );
}

/** Where the trouble is, else what the task returned, else what it was asked. */
function firstTab(cell: Cell): Tab {
  if (cell.error) return "Error";
  if (cell.scores.some((score) => score.failed)) return "Scores";
  return cell.output === null || cell.output === undefined ? "Item" : "Output";
}

function Content({ tab, cell }: { tab: Tab; cell: Cell }) {
  if (tab === "Error" && cell.error) return <ErrorText error={cell.error} />;
  if (tab === "Scores") return <Scores scores={cell.scores} />;
  if (tab === "Item") return <Value value={cell.item} nothing="The item is empty." />;
  return <Value value={cell.output} nothing="There is no output." />;
}
