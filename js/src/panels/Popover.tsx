import type { ComponentChildren } from "preact";
import { useLayoutEffect, useRef, useState } from "preact/hooks";
import { own } from "../base/keys";

interface PopoverProps {
  /** What the button says. */
  label: string;
  /** What is inside. */
  name: string;
  labelledBy?: string;
  /** A menu (the pattern of WAI-ARIA): its items are chosen by arrows, and choosing folds it. */
  menu?: boolean;
  off?: boolean;
  children: ComponentChildren;
}

/** A button, and what unfolds below it; Escape, and whatever is focused outside, folds it. */
export function Popover({ label, name, labelledBy, menu, off, children }: PopoverProps) {
  const [open, setOpen] = useState(false);
  const box = useRef<HTMLSpanElement>(null);
  const inside = useRef<HTMLDivElement>(null);
  // With each change: what the button says may take it to another line.
  useLayoutEffect(() => keepInFrame(inside.current));
  useLayoutEffect(() => {
    if (open && menu) inside.current?.querySelector<HTMLElement>("[aria-checked=true]")?.focus();
  }, [open]);
  const fold = () => {
    setOpen(false);
    box.current?.querySelector("button")?.focus();
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const { key } = event;
    if (key === "Escape" && open) fold();
    else if (!menu || !/^(Arrow(Up|Down)|Home|End)$/.test(key)) return;
    else if (open) move(inside.current, key);
    else setOpen(true);
    own(event);
  };
  const onFocusOut = ({ relatedTarget }: FocusEvent) => {
    if (relatedTarget && !box.current?.contains(relatedTarget as Node)) setOpen(false);
  };
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: keys of what is inside
    <span class="oprs-pop" ref={box} onKeyDown={onKeyDown} onFocusOut={onFocusOut}>
      <button
        type="button"
        class={menu ? "oprs-button oprs-arrow" : "oprs-field oprs-clip"}
        aria-label={menu ? name : undefined}
        aria-haspopup={menu && "menu"}
        aria-expanded={open}
        aria-describedby={labelledBy}
        disabled={off}
        onClick={() => setOpen(!open)}
      >
        {label}
      </button>
      {open && !off && (
        // biome-ignore lint/a11y/useKeyWithClickEvents: its items are buttons
        // biome-ignore lint/a11y/noStaticElementInteractions: it has the role of one
        // biome-ignore lint/a11y/useAriaPropsSupportedByRole: which has a name
        <div
          class={`oprs-options ${menu ? "oprs-menu" : ""}`}
          role={menu ? "menu" : "group"}
          ref={inside}
          aria-label={name}
          onClick={menu ? fold : undefined}
        >
          {children}
        </div>
      )}
    </span>
  );
}

/** To another item of a menu. Those that cannot be chosen can be reached, to be heard. */
function move(menu: HTMLElement | null, key: string): void {
  const items = [...(menu?.children ?? [])] as HTMLElement[];
  const at = items.indexOf(document.activeElement as HTMLElement);
  const last = items.length - 1;
  const up = at > 0 ? at - 1 : last;
  const to: Record<string, number> = { Home: 0, End: last, ArrowUp: up };
  items[to[key] ?? (at + 1) % items.length]?.focus();
}

/** The frame clips what leaves it: what would, is moved to the left. */
function keepInFrame(popped: HTMLElement | null): void {
  const frame = popped?.closest(".oprs-top")?.getBoundingClientRect();
  if (!popped || !frame) return;
  popped.style.translate = "";
  const { left, right } = popped.getBoundingClientRect();
  const over = Math.min(right - frame.right + 8, left - frame.left - 8);
  if (over > 0) popped.style.translate = `${-over}px`;
}
