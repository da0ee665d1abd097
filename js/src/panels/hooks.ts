import { createContext, type RefObject } from "preact";
import { useContext, useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import type { Palette } from "../heatmap/drawing/palette";
import type { ExperimentView } from "../state/model";
import type { ViewState } from "../state/viewstate";

export interface Surroundings {
  view: ExperimentView;
  palette: Palette;
  /** Unique in the page, for ids. */
  prefix: string;
}

export const Around = createContext<Surroundings | null>(null);

export function useAround(): Surroundings {
  const around = useContext(Around);
  if (!around) throw new Error("a panel was mounted outside a view");
  return around;
}

export function useViewState(): ViewState {
  const { store } = useAround().view;
  const [state, setState] = useState(store.state);
  useEffect(() => {
    // What changed between drawing and this subscription would be missed.
    setState(store.state);
    return store.subscribe(() => setState(store.state));
  }, [store]);
  return state;
}

/** The value as it was at most `interval` ms ago: for what should not change with every patch. */
export function useCalm<T>(value: T, interval: number): T {
  const [calm, setCalm] = useState({ value, at: Number.NEGATIVE_INFINITY });
  useEffect(() => {
    if (Object.is(value, calm.value)) return;
    const wait = Math.max(0, calm.at + interval - Date.now());
    const timer = setTimeout(() => setCalm({ value, at: Date.now() }), wait);
    return () => clearTimeout(timer);
  }, [value, calm, interval]);
  return calm.value;
}

/** Words that become fewer give back no room as long as they are of the same thing and as wide: what is below them stays
 * where it is. */
export function useRoomOnceTaken(
  box: RefObject<HTMLElement | null>,
  of: string,
  words: readonly unknown[],
): void {
  const taken = useRef({ of: "", width: 0, height: 0 });
  useLayoutEffect(() => {
    const element = box.current;
    if (!element) return;
    const { offsetWidth: width } = element;
    if (taken.current.of !== of || taken.current.width !== width) {
      taken.current = { of, width, height: 0 };
      element.style.minHeight = "";
    }
    if (element.offsetHeight <= taken.current.height) return;
    taken.current.height = element.offsetHeight;
    element.style.minHeight = `${element.offsetHeight}px`;
  }, [of, ...words]);
}
