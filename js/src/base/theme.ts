// Whether the host is light or dark, followed as it changes: JupyterLab says so on the body, elsewhere the
// system does. A canvas does not follow CSS, so one answer serves both.

import type { Theme } from "../heatmap/drawing/palette";
import { whenEnded } from "./ending";

const systemIsDark = () => matchMedia("(prefers-color-scheme: dark)");
/** The system's colours are on every page then, whatever the host says. */
const forced = () => matchMedia("(forced-colors: active)");

export function themeNow(): Theme {
  const said = forced().matches ? null : document.body.getAttribute("data-jp-theme-light");
  const dark = said === null ? systemIsDark().matches : said === "false";
  return dark ? "dark" : "light";
}

export function followTheme(onChange: (theme: Theme) => void, signal: AbortSignal): void {
  const tell = () => onChange(themeNow());
  forced().addEventListener("change", tell, { signal });
  const observer = new MutationObserver(tell);
  observer.observe(document.body, { attributes: true, attributeFilter: ["data-jp-theme-light"] });
  systemIsDark().addEventListener("change", tell, { signal });
  whenEnded(signal, () => observer.disconnect());
}
