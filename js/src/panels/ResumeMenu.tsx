import { useEffect, useRef, useState } from "preact/hooks";
import type { Scope, Wish } from "../planning";
import type { ViewState } from "../viewstate";
import { count } from "../words";
import { useAround, useViewState } from "./hooks";

interface Item {
  scope: Scope;
  name: string;
  /** Of how many cells, where that is known before it is asked; 0: of none. */
  cells?: number;
  one?: Wish["one"];
}

/** The arrow beside Resume: takes less than everything. The menu pattern of WAI-ARIA. */
export function ResumeMenu({ off }: { off: boolean }) {
  const { view, prefix } = useAround();
  const state = useViewState();
  const [open, setOpen] = useState(false);
  const menu = useRef<HTMLDivElement>(null);
  const button = useRef<HTMLButtonElement>(null);
  const items = itemsOf(state, (cell) => view.cells.label(cell));
  useEffect(() => {
    if (open) focusItem(menu.current, "[aria-checked=true]");
  }, [open]);
  const close = (back: boolean) => {
    setOpen(false);
    if (back) button.current?.focus();
  };
  const choose = ({ scope, one = null }: Item) => {
    view.planning.wish({ scope, one });
    close(true);
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === "Tab") return close(false);
    if (event.key === "Escape") close(true);
    else if (!move(menu.current, event.key)) return;
    event.preventDefault();
    event.stopPropagation();
  };
  const onArrow = (event: KeyboardEvent) => {
    if (event.key !== "ArrowDown" && event.key !== "ArrowUp") return;
    event.preventDefault();
    event.stopPropagation();
    setOpen(true);
  };
  return (
    <span class="oprs-pop">
      <button
        type="button"
        ref={button}
        class="oprs-button oprs-resume oprs-arrow"
        aria-label="Choose what to resume"
        aria-haspopup="menu"
        aria-expanded={open}
        aria-controls={`${prefix}-resume`}
        disabled={off}
        onClick={() => setOpen(!open)}
        onKeyDown={onArrow}
      >
        ▾
      </button>
      {open && !off && (
        <div
          class="oprs-options oprs-menu"
          role="menu"
          id={`${prefix}-resume`}
          aria-label="What to resume"
          tabIndex={-1}
          ref={menu}
          onKeyDown={onKeyDown}
          onFocusOut={({ relatedTarget }) => {
            if (relatedTarget && !menu.current?.contains(relatedTarget as Node)) setOpen(false);
          }}
        >
          {items.map((item) => (
            <button
              key={item.scope}
              type="button"
              role="menuitemradio"
              class="oprs-option"
              tabIndex={-1}
              aria-checked={item.scope === state.wish.scope}
              aria-disabled={item.cells === 0}
              onClick={() => item.cells !== 0 && choose(item)}
            >
              <span class="oprs-clip">{item.name}</span>
              <span class="oprs-number oprs-quiet">
                {item.cells === undefined ? "" : count(item.cells)}
              </span>
            </button>
          ))}
        </div>
      )}
    </span>
  );
}

function itemsOf(state: ViewState, label: (cell: number) => string): Item[] {
  const { tally, groups, group, selection, inspected, head } = state;
  const chosen = groups?.find(({ key }) => key === group);
  const cell = inspected?.cell;
  const failed = tally.task_failed + tally.scoring_failed;
  const trial = cell?.trial ?? 0;
  const kind = chosen?.metric ? `${chosen.metric}: ` : "";
  return [
    { scope: "everything", name: "Everything that is missing" },
    { scope: "failed", name: "Only failed", cells: failed },
    {
      scope: "group",
      name: chosen
        ? `Only ${kind}${chosen.type || chosen.message}`
        : "Only one kind of failure (choose it below)",
      cells: chosen?.count ?? 0,
    },
    {
      scope: "selection",
      name: selection ? "The selection" : "The selection (drag over cells)",
      cells: selection?.runs ?? 0,
    },
    {
      scope: "run",
      name: cell ? `Only ${label(cell.cell)}` : "One run (choose a cell)",
      ...(cell ? { one: oneRun(cell.item_id, trial, label(cell.cell)) } : { cells: 0 }),
    },
    ...((head?.trials ?? 1) > 1 ? [oneTrial(trial)] : []),
    { scope: "scores", name: "Only missing scores", cells: tally.scores_missing },
  ];
}

const oneRun = (item: string, trial: number, name: string): Wish["one"] => ({
  only: { cells: [[item, trial]] },
  name,
});

const oneTrial = (trial: number): Item => ({
  scope: "trial",
  name: `Trial ${trial} of every item`,
  one: { only: { trials: trial }, name: `trial ${trial}` },
});

/** Whether the key moves in a menu. Items that cannot be chosen can be reached, to be heard. */
function move(menu: HTMLElement | null, key: string): boolean {
  const items = [...(menu?.querySelectorAll<HTMLElement>("[role^=menuitem]") ?? [])];
  const at = items.indexOf(document.activeElement as HTMLElement);
  const to = {
    ArrowDown: (at + 1) % items.length,
    ArrowUp: (at + items.length - 1) % items.length,
    Home: 0,
    End: items.length - 1,
  }[key];
  if (to !== undefined) items[to]?.focus();
  return to !== undefined;
}

function focusItem(menu: HTMLElement | null, which: string): void {
  menu?.querySelector<HTMLElement>(which)?.focus();
}
