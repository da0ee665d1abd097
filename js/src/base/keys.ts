// What a key means wherever it is typed.

/** It is ours: neither the browser nor the notebook is to act on it. */
export function own(event: Event): void {
  event.preventDefault();
  event.stopPropagation();
}

/** Whether a key belongs to somebody else: a chord, or what is typed. (A list that is folded takes no letters from us.) */
export function isTaken(event: KeyboardEvent): boolean {
  const [target] = event.composedPath() as Element[];
  const chord = event.ctrlKey || event.metaKey || event.altKey;
  return chord || target.matches?.("input:not([type=checkbox]), textarea");
}
