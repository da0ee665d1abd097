import type { ComponentChildren } from "preact";
import { useLayoutEffect, useRef, useState } from "preact/hooks";

interface PopoverProps {
  /** What the button says. */
  label: string;
  /** What is inside. */
  name: string;
  labelledBy?: string;
  children: ComponentChildren;
}

/** A button in the line of words, and what unfolds below it; Escape, and whatever is focused outside, folds it. */
export function Popover({ label, name, labelledBy, children }: PopoverProps) {
  const [open, setOpen] = useState(false);
  const box = useRef<HTMLSpanElement>(null);
  const inside = useRef<HTMLFieldSetElement>(null);
  useLayoutEffect(() => keepInFrame(inside.current), [open]);
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key !== "Escape" || !open) return;
    event.stopPropagation();
    setOpen(false);
    box.current?.querySelector("button")?.focus();
  };
  const onFocusOut = ({ relatedTarget }: FocusEvent) => {
    if (relatedTarget && !box.current?.contains(relatedTarget as Node)) setOpen(false);
  };
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: keys of what is inside
    <span class="oprs-pop" ref={box} onKeyDown={onKeyDown} onFocusOut={onFocusOut}>
      <button
        type="button"
        class="oprs-field oprs-clip"
        aria-expanded={open}
        aria-describedby={labelledBy}
        onClick={() => setOpen(!open)}
      >
        {label}
      </button>
      {open && (
        <fieldset class="oprs-options" ref={inside} aria-label={name}>
          {children}
        </fieldset>
      )}
    </span>
  );
}

/** The frame clips what leaves it: what would, is moved to the left. */
export function keepInFrame(popped: HTMLElement | null): void {
  const frame = popped?.closest(".oprs-top, .oprs-frame")?.getBoundingClientRect();
  if (!popped || !frame) return;
  popped.style.translate = "";
  const { left, right } = popped.getBoundingClientRect();
  const over = Math.min(right - frame.right + 8, left - frame.left - 8);
  if (over > 0) popped.style.translate = `${-over}px`;
}
