// The inspector's height: dragged or moved by keys, and remembered for the next view in this browser.

import { useEffect, useState } from "preact/hooks";
import { own } from "../base/keys";

const KEY = "opik-resume:inspector-height";
const [LEAST, USUAL, MOST] = [120, 216, 900];
const STEP = 24;
const MOVES: Record<string, number> = { ArrowUp: STEP, ArrowDown: -STEP, Home: MOST, End: -MOST };

const within = (height: number): number => Math.round(Math.min(MOST, Math.max(LEAST, height)));

export function useHeight(): [height: number, set: (height: number) => void] {
  const [height, set] = useState(remembered);
  useEffect(() => remember(height), [height]);
  return [height, (wanted) => set(within(wanted))];
}

interface SplitterProps {
  height: number;
  set: (height: number) => void;
}

export function Splitter({ height, set }: SplitterProps) {
  const onPointerDown = (down: PointerEvent & { currentTarget: HTMLElement }) => {
    const handle = down.currentTarget;
    down.preventDefault();
    handle.focus();
    handle.setPointerCapture(down.pointerId);
    handle.onpointermove = (move) => set(height + down.clientY - move.clientY);
    handle.onlostpointercapture = () => {
      handle.onpointermove = null;
    };
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const by = MOVES[event.key];
    if (!by) return;
    own(event);
    set(height + by);
  };
  return (
    // biome-ignore lint/a11y/useSemanticElements: an <hr> cannot be dragged in every host
    <div
      class="oprs-splitter"
      role="separator"
      aria-orientation="horizontal"
      aria-label="Height of the inspector"
      aria-valuenow={height}
      aria-valuemin={LEAST}
      aria-valuemax={MOST}
      tabIndex={0}
      onPointerDown={onPointerDown}
      onKeyDown={onKeyDown}
      onDblClick={() => set(USUAL)}
    />
  );
}

function remembered(): number {
  try {
    return within(Number(localStorage.getItem(KEY)) || USUAL);
  } catch {
    return USUAL; // where a page may keep nothing
  }
}

function remember(height: number): void {
  try {
    localStorage.setItem(KEY, String(height));
  } catch {
    // then it is the usual one next time
  }
}
