import { isTaken, own } from "../base/keys";
import { PALETTES, type Theme } from "../heatmap/drawing/palette";
import { Inspector } from "../inspector/Inspector";
import type { ExperimentView } from "../state/model";
import type { Presence } from "../wire/presence";
import { Header, PlanBar } from "./finishing/Header";
import { Progress } from "./finishing/Progress";
import { Around, useAround, useViewState } from "./hooks";
import { Keys } from "./Keys";
import { ExperimentList } from "./listing/ExperimentList";
import { HeatmapView } from "./looking/HeatmapView";
import { Legend, ScaleLegend } from "./looking/Legend";
import { Seeing } from "./looking/Seeing";
import { Troubles } from "./looking/Troubles";
import { Alert } from "./parts";

interface AppProps {
  view: ExperimentView;
  theme: Theme;
  prefix: string;
}

export function App({ view, theme, prefix }: AppProps) {
  return (
    <Around.Provider value={{ view, palette: PALETTES[theme], prefix }}>
      <Notice />
      <Frame />
    </Around.Provider>
  );
}

const NOTICES: Record<Presence, string> = {
  there: "",
  silent: "The kernel does not answer. If it was restarted, run this cell again.",
  gone: "The kernel was restarted: run this cell again.",
  saved: "This is a saved copy",
};

function Notice() {
  const { kernel, asOf } = useViewState();
  if (kernel === "there") return null;
  return (
    <p class="oprs-gone" role="alert">
      {NOTICES[kernel]}
      {kernel === "saved" && `${asOf && `, as of ${asOf}`}. Run its cell in a notebook to go on.`}
    </p>
  );
}

function Frame() {
  const { view } = useAround();
  const { mode, rows, trouble, answered, kernel } = useViewState();
  if (mode === "browser" && rows?.length === 0 && !answered?.search) return <Empty />;
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: keys that count wherever the focus in it is
    <div
      class={`oprs-frame oprs-${mode}`}
      inert={kernel !== "there"}
      onKeyDown={(event) => onKeyAnywhere(event, view)}
    >
      {mode === "browser" && <ExperimentList />}
      <section class="oprs-main">
        <div class="oprs-top">
          <Header />
          <PlanBar />
          <Progress />
        </div>
        <Alert>{trouble.kernel}</Alert>
        <div class="oprs-grid">
          <Seeing />
          <Legend />
          <HeatmapView />
          <ScaleLegend />
          <Keys />
        </div>
        <div class="oprs-below">
          <Troubles />
          <Inspector />
        </div>
      </section>
    </div>
  );
}

/** `/` finds items, `?` tells all keys. (n and N are the heatmap's.) */
function onKeyAnywhere(event: KeyboardEvent, view: ExperimentView): void {
  if (isTaken(event)) return;
  if (event.key === "?") view.sight.showKeys(!view.store.state.keysShown);
  else if (event.key === "/") find(event.currentTarget as HTMLElement);
  else return;
  own(event);
}

const find = (frame: HTMLElement) => frame.querySelector<HTMLElement>(".oprs-items")?.focus();

function Empty() {
  const { storeName } = useViewState();
  return (
    <div class="oprs-frame oprs-empty">
      <p>
        There are no experiments in <strong>{storeName}</strong> yet.
      </p>
      <p class="oprs-quiet">
        Start one with <code>evaluate(dataset, task, scoring_metrics=[…])</code>; it appears here as
        soon as its first runs are recorded.
      </p>
    </div>
  );
}
