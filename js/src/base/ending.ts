// What ends with a view: its AbortSignal takes back whatever it has begun.
import type { AnyModel } from "@anywidget/types";

export function whenEnded(signal: AbortSignal, undo: () => void): void {
  signal.addEventListener("abort", undo, { once: true });
}

/** Hears an event of a model. */
export function listen<Heard extends unknown[]>(
  model: AnyModel,
  name: string,
  heard: (...told: Heard) => void,
  signal: AbortSignal,
): void {
  const callback = heard as () => void;
  model.on(name, callback);
  whenEnded(signal, () => model.off(name, callback));
}

/** Calls what it was given last, so many ms after that. */
export function postponed(signal: AbortSignal): (action: () => void, wait: number) => void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  whenEnded(signal, () => clearTimeout(timer));
  return (action, wait) => {
    clearTimeout(timer);
    if (!signal.aborted) timer = setTimeout(action, wait);
  };
}
