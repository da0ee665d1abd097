import { useEffect, useRef, useState } from "preact/hooks";
import { Heatmap } from "../heatmap/heatmap";
import type { Head } from "../protocol";
import { count } from "../words";
import { useAround, useViewState } from "./hooks";
import { useShading } from "./shading";

/** Gives the framework-free heatmap its element. */
export function HeatmapView() {
  const { view, palette, prefix } = useAround();
  const { inspected } = useViewState();
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
    };
    made = new Heatmap(wrapper.current, options);
    setHeatmap(made);
    return () => ending.abort();
  }, [view, prefix]);
  useEffect(() => heatmap?.recolour(palette, shading), [heatmap, palette, shading]);
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
        aria-readonly="true"
      />
      <Caption />
    </div>
  );
}

function Caption() {
  const { view } = useAround();
  const { head, sort } = useViewState();
  return (
    <p class="oprs-caption">
      <span>
        {head &&
          `${sort === "order" ? "items, newest first" : "items, worst first"} · ${across(head)}`}
      </span>
      <button type="button" onClick={() => view.sight.showKeys(true)}>
        n: next trouble · ?: all keys
      </button>
    </p>
  );
}

function across({ trials, uniform }: Head): string {
  if (trials === 1) return "one trial each";
  return `each column holds ${uniform ? "" : "up to "}${count(trials)} trials`;
}
