// A value that panels can watch. State objects are replaced, never changed in place.
import { whenEnded } from "./ending";

export class Store<S extends object> {
  private listeners = new Set<() => void>();

  constructor(private current: S) {}

  get state(): S {
    return this.current;
  }

  set(change: Partial<S>): void {
    this.current = { ...this.current, ...change };
    for (const listener of [...this.listeners]) listener();
  }

  subscribe(listener: () => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }
}

/** Calls `action` soon, at most once every `interval` ms however often it is asked for. */
export function coalesced(action: () => void, interval: number, signal: AbortSignal): () => void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let last = Number.NEGATIVE_INFINITY;
  whenEnded(signal, () => clearTimeout(timer));
  return () => {
    if (timer !== undefined || signal.aborted) return;
    const wait = Math.max(0, last + interval - Date.now());
    timer = setTimeout(() => {
      timer = undefined;
      last = Date.now();
      action();
    }, wait);
  };
}

/** Of so many cells or more, what takes the kernel seconds is asked less often. */
export const MANY = 100_000;
const REFRESH = 2000;
const UNHURRIED = 10_000;

/** Calls `action` soon; of many cells not so soon. */
export function unhurried(
  action: () => void,
  signal: AbortSignal,
): (cells: number, many?: number) => void {
  const soon = coalesced(action, REFRESH, signal);
  const later = coalesced(action, UNHURRIED, signal);
  return (cells, many = MANY) => (cells < many ? soon() : later());
}
