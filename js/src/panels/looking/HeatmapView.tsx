import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import { count, many } from "../../base/words";
import type { Cells, Joining } from "../../heatmap/cells/selection";
import { Heatmap } from "../../heatmap/heatmap";
import type { Head } from "../../protocol";
import { MOST, type Selection } from "../../state/selecting";
import { FIELD, IN_ORDER } from "../../state/sight";
import { useAround, useViewState } from "../hooks";
import { Means, meansLine } from "../Means";
import { useShading } from "./shading";

/** Gives the framework-free heatmap its element. */
export function HeatmapView() {
  const { view, palette, prefix } = useAround();
  const { inspected, zoom } = useViewState();
  const shading = useShading();
  const wrapper = useRef<HTMLDivElement>(null);
  const [heatmap, setHeatmap] = useState<Heatmap | null>(null);

  useEffect(() => {
    if (!wrapper.current) return;
    const ending = new AbortController();
    const inspect = (cell: number) => view.inspect(cell);
    let made: Heatmap | null = null;
    const wonder = (cell: number) =>
      void view.sight.facts(cell).then((lines) => made?.tell(cell, lines));
    const options = {
      cells: view.cells,
      palette,
      id: `${prefix}-cell`,
      signal: ending.signal,
      keys: wrapper.current.closest<HTMLElement>(".oprs-root") ?? wrapper.current,
      inspect,
      wonder,
      select: (cells: Cells | null, how: Joining) => view.selecting.choose(cells, how),
      zoomed: (now: number, most: number) => view.sight.zoomed(now, most),
    };
    made = new Heatmap(wrapper.current, options);
    setHeatmap(made);
    return () => ending.abort();
  }, [view, prefix]);
  // At once: a key that follows finds what is marked, and a grid that is resized meanwhile would say its old zoom.
  useLayoutEffect(() => heatmap?.recolour(palette, shading), [heatmap, palette, shading]);
  useLayoutEffect(() => heatmap?.zoomTo(zoom), [heatmap, zoom]);
  useEffect(() => heatmap?.pick(inspected?.index ?? null), [heatmap, inspected?.index]);

  return (
    <div>
      {/* biome-ignore lint/a11y/useSemanticElements: a canvas stands in for thousands of cells */}
      <div
        ref={wrapper}
        class="oprs-heatmap"
        role="grid"
        tabIndex={0}
        aria-label="Runs, items by trials"
        aria-multiselectable="true"
        aria-readonly="true"
      />
      <Caption />
    </div>
  );
}

/** How it is drawn; or what is selected. There is one line for it from the beginning, as one that came with its words
 * would not be read aloud. */
function Caption() {
  const { view } = useAround();
  const { head, sort, names, selection } = useViewState();
  return (
    <div class="oprs-caption">
      <span class={selection ? "oprs-selected" : "oprs-clip"} role="status">
        {selection ? (
          <Selected selection={selection} />
        ) : (
          head && `items, ${order(head, sort, names)} · ${across(head)}`
        )}
      </span>
      <Zoom />
      <button type="button" onClick={() => view.sight.showKeys(true)}>
        ? keys
      </button>
    </div>
  );
}

function Selected({ selection }: { selection: Selection }) {
  const { view } = useAround();
  const { runs, items, scales, rectangles } = selection;
  return (
    <>
      <b class="oprs-number">{many(runs, "run")} selected</b>
      <span class="oprs-clip oprs-number" title={scales ? meansLine(scales) : undefined}>
        {runs > items && (
          <span class="oprs-mean">
            {` (${many(items, "item")})`}
            {scales?.length ? " ·" : ""}
          </span>
        )}{" "}
        {scales && <Means of={scales} />}
        {rectangles.length > MOST && " · too scattered for Python"}
      </span>
      <button type="button" class="oprs-link" onClick={() => view.selecting.choose(null)}>
        Clear
      </button>
    </>
  );
}

/** Closer, farther, all. */
function Zoom() {
  const { view } = useAround();
  const { zoom, mostZoom } = useViewState();
  const to = (wanted: number) => () => view.sight.zoom(wanted);
  return (
    <span class="oprs-zoom">
      <button type="button" aria-label="Zoom out" disabled={zoom <= 1} onClick={to(zoom / 1.5)}>
        −
      </button>
      <button type="button" title="Fit" class="oprs-number" disabled={zoom <= 1} onClick={to(1)}>
        {Math.round(100 * zoom)} %
      </button>
      <button
        type="button"
        aria-label="Zoom in"
        disabled={zoom >= mostZoom}
        onClick={to(zoom * 1.5)}
      >
        +
      </button>
    </span>
  );
}

const MOST_NAMES = 12;

function order({ newest_first }: Head, sort: string, names: readonly string[]): string {
  if (sort.startsWith(FIELD))
    return [
      `by ${sort.slice(FIELD.length)}`,
      names.slice(0, MOST_NAMES).join(", ") + (names[MOST_NAMES] ? ", …" : ""),
    ]
      .filter(Boolean)
      .join(": ");
  if (sort !== IN_ORDER) return "worst first";
  return newest_first ? "newest first" : "in their order";
}

function across({ trials, uniform }: Head): string {
  if (trials === 1) return "one trial each";
  return `each column holds ${uniform ? "" : "up to "}${count(trials)} trials`;
}
