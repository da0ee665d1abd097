// Mounts a view of the widget. The AbortSignal of the view ends everything that it started.
import type { AnyModel, Host } from "@anywidget/types";
import { render as mount } from "preact";
import { whenEnded } from "./base/ending";
import { followTheme, themeNow } from "./base/theme";
import { PALETTES, publish } from "./heatmap/drawing/palette";
import { App } from "./panels/App";
import type { ControlTraits, Saved } from "./protocol";
import { ExperimentView } from "./state/model";
import { hidePicture, isSavedCopy } from "./wire/saved";

const GREETING = 60_000;

interface RenderProps {
  model: AnyModel<ControlTraits>;
  el: HTMLElement;
  signal: AbortSignal;
  host: Host;
}

async function render({ model, el, signal, host }: RenderProps): Promise<void> {
  const root = document.createElement("div");
  root.className = "oprs-root";
  root.dataset.ready = "false";
  el.append(root);
  const feed = await host.getModel(model.get("feed"));
  const saved = await isSavedCopy(model);
  if (signal.aborted) return;

  hidePicture(model, el);
  const view = new ExperimentView(model, feed, signal);
  const prefix = `oprs-${crypto.getRandomValues(new Uint32Array(1))[0].toString(36)}`;
  const draw = () => {
    const theme = themeNow();
    root.dataset.theme = theme;
    publish(PALETTES[theme], root);
    mount(<App view={view} theme={theme} prefix={prefix} />, root);
  };
  draw();
  followTheme(draw, signal);
  const unsubscribe = view.store.subscribe(() => mark(root, view));
  ownPlainKeys(root, signal);
  whenEnded(signal, () => {
    unsubscribe();
    mount(null, root);
  });
  if (saved) return view.showSaved(feed.get("saved") as Saved);
  greetRegularly(view, signal);
  void view.start();
}

/** As long as the page is in sight, and as soon as it is again. */
function greetRegularly(view: ExperimentView, signal: AbortSignal): void {
  const greet = () => document.hidden || view.greet();
  const timer = setInterval(greet, GREETING);
  document.addEventListener("visibilitychange", greet, { signal });
  whenEnded(signal, () => clearInterval(timer));
}

/** The state that styles and tests look for. */
function mark(root: HTMLElement, view: ExperimentView): void {
  const { ready, experiment, progress, kernel } = view.store.state;
  Object.assign(root.dataset, {
    ready,
    gone: kernel === "gone",
    experiment,
    active: progress?.active === true,
    outcome: progress?.outcome ?? "",
  });
}

/** Typed with the shift key, and ours. */
const OURS: ReadonlySet<string> = new Set(["N", "?", "+", "_"]);
/** The grid's own with any of shift and control: they select. */
const SELECTING = /^(Arrow.*|Home|End|Page.*| |a|A)$/;

/** A notebook in command mode takes plain letters, arrows and Enter (two d's delete its cell), unless the focused
 * element itself says that they are its own; the notebook's chords (save, run the cell) stay the notebook's. */
function ownPlainKeys(root: HTMLElement, signal: AbortSignal): void {
  const decide = (event: KeyboardEvent) => {
    const [target] = event.composedPath();
    if (!(target instanceof Element && root.contains(target))) return;
    const selecting = target.matches(".oprs-heatmap") && SELECTING.test(event.key);
    const capital = event.shiftKey && !OURS.has(event.key) && !target.matches("input");
    const chord = !selecting && (event.ctrlKey || event.metaKey || event.altKey || capital);
    target.toggleAttribute("data-lm-suppress-shortcuts", !chord);
  };
  // On the window, as the host listens on the document while the event still goes down.
  window.addEventListener("keydown", decide, { capture: true, signal });
}

export default { render };
