// happy-dom lays nothing out: every element is given one size, so that the heatmap folds and keys move on it.
import { afterEach } from "vitest";

for (const [name, value] of [
  ["clientWidth", 726],
  ["clientHeight", 220],
] as const) {
  Object.defineProperty(HTMLElement.prototype, name, { value, configurable: true });
}

afterEach(() => {
  document.body.replaceChildren();
  document.body.removeAttribute("data-jp-theme-light");
});
