import { PALETTES, type Theme } from "../heatmap/palette";
import type { ExperimentView } from "../model";
import type { Presence } from "../presence";
import { ExperimentList } from "./ExperimentList";
import { Header, PlanBar } from "./Header";
import { HeatmapView } from "./HeatmapView";
import { Around, useViewState } from "./hooks";
import { Inspector } from "./Inspector";
import { Legend } from "./Legend";
import { Progress } from "./Progress";
import { Troubles } from "./Troubles";

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
};

function Notice() {
  const { kernel } = useViewState();
  if (kernel === "there") return null;
  return (
    <p class="oprs-gone" role="alert">
      {NOTICES[kernel]}
    </p>
  );
}

function Frame() {
  const { mode, rows, trouble, answered, kernel } = useViewState();
  if (mode === "browser" && rows?.length === 0 && !answered?.search) return <Empty />;
  return (
    <div class={`oprs-frame oprs-${mode}`} inert={kernel !== "there"}>
      {mode === "browser" && <ExperimentList />}
      <main class="oprs-main">
        <div class="oprs-top">
          <Header />
          <PlanBar />
          <Progress />
        </div>
        {trouble.kernel && (
          <p class="oprs-trouble" role="alert">
            {trouble.kernel}
          </p>
        )}
        <div class="oprs-grid">
          <Legend />
          <HeatmapView />
        </div>
        <div class="oprs-below">
          <Troubles />
          <Inspector />
        </div>
      </main>
    </div>
  );
}

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
