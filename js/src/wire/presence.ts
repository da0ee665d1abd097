// Whether the kernel that made this view is still there. Hosts tell it in different ways, and some not at all.
import type { AnyModel } from "@anywidget/types";
import { listen, whenEnded } from "../base/ending";
import type { ControlTraits } from "../protocol";

/** Without a word for so long while something runs, of which the kernel tells every few seconds. */
export const SILENCE = 30_000;
const PATIENCE = 5000;
const PERIOD = 5000;
const ENDED = /restarting|dead|terminating/;

/** `saved`: there never was one. */
export type Presence = "there" | "silent" | "gone" | "saved";

interface Signal<T> {
  connect(slot: (sender: unknown, value: T) => void): void;
  disconnect(slot: (sender: unknown, value: T) => void): void;
}

/** What JupyterLab's widget manager has and other hosts need not have. */
interface Managed {
  widget_manager?: {
    kernel?: { statusChanged?: Signal<string>; disposed?: Signal<unknown> } | null;
  };
}

/** Calls `gone` once the kernel is known to have ended: its memory, and so this widget's other half, went with it. */
export function followKernel(
  model: AnyModel<ControlTraits>,
  signal: AbortSignal,
  gone: () => void,
): void {
  const { statusChanged, disposed } = (model as Managed).widget_manager?.kernel ?? {};
  const follow = (_: unknown, status: string) => ENDED.test(status) && gone();
  // Of a comm that has lived, it tells only that it does not any more.
  listen(model, "comm_live_update", gone, signal);
  statusChanged?.connect(follow);
  disposed?.connect(gone);
  whenEnded(signal, () => {
    statusChanged?.disconnect(follow);
    disposed?.disconnect(gone);
  });
}

/** Notices silence: nothing was heard while something runs, and a hello is not answered either. What it returns is
 * called whenever something is heard. */
export function noticeSilence(
  signal: AbortSignal,
  running: () => boolean,
  hello: () => void,
  silent: () => void,
): () => void {
  let heard = Date.now();
  let asked = 0;
  const timer = setInterval(() => {
    const now = Date.now();
    if (!running() || now - heard < SILENCE) return;
    if (!asked) {
      asked = now;
      hello();
    } else if (now - asked >= PATIENCE) silent();
  }, PERIOD);
  whenEnded(signal, () => clearInterval(timer));
  return () => {
    heard = Date.now();
    asked = 0;
  };
}
