import { useEffect, useRef } from "preact/hooks";
import { useAround, useViewState } from "./hooks";

const KEYS: readonly (readonly [keys: string, meaning: string])[] = [
  ["n, N", "the next, the last trouble: failed, or a score missing"],
  ["arrows", "move among cells: items down, trials across"],
  ["Home, End", "the first, the last cell of the row; of all with Ctrl"],
  ["Page Up, Page Down", "the block beside"],
  ["Enter, Space", "look at the cell closely"],
  ["+, -, 0", "closer, farther, all"],
  [
    "Shift + arrows",
    "select; Ctrl + A all, Shift + Space the item, Ctrl + Space the trial, g the group",
  ],
  ["/", "find items by text, id or number; Enter shows the first, Escape ends it"],
  ["Escape", "nothing selected; back to the notebook"],
  ["?", "these keys"],
];

/** All keys, over the grid. */
export function Keys() {
  const { view } = useAround();
  const { keysShown } = useViewState();
  const close = useRef<HTMLButtonElement>(null);
  useEffect(() => {
    if (!keysShown) return;
    const before = document.activeElement as HTMLElement | null;
    close.current?.focus();
    return () => before?.focus?.({ preventScroll: true });
  }, [keysShown]);
  if (!keysShown) return null;
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key !== "Escape") return;
    event.stopPropagation();
    view.sight.showKeys(false);
  };
  return (
    <div class="oprs-keys" role="dialog" aria-label="Keys" onKeyDown={onKeyDown}>
      <dl>
        {KEYS.map(([keys, meaning]) => (
          <div key={keys}>
            <dt>{keys}</dt>
            <dd>{meaning}</dd>
          </div>
        ))}
      </dl>
      <button
        ref={close}
        type="button"
        class="oprs-button"
        onClick={() => view.sight.showKeys(false)}
      >
        Close
      </button>
    </div>
  );
}
