// Whether the kernel that made this view is still there. Hosts tell it in different ways, and some not at all.
import type { AnyModel } from "@anywidget/types";
import { listen, whenEnded } from "./ending";
import type { ControlTraits } from "./protocol";

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

/** Notices silence: nothing was heard while something runs, and a hello is not answered either. */
export class Silence {
  private heard = Date.now();
  private asked: number | null = null;

  constructor(
    signal: AbortSignal,
    private running: () => boolean,
    private hello: () => void,
    private silent: () => void,
  ) {
    const timer = setInterval(() => this.look(Date.now()), PERIOD);
    whenEnded(signal, () => clearInterval(timer));
  }

  hear(): void {
    this.heard = Date.now();
    this.asked = null;
  }

  private look(now: number): void {
    if (!this.running() || now - this.heard < SILENCE) return;
    if (this.asked === null) {
      this.asked = now;
      this.hello();
    } else if (now - this.asked >= PATIENCE) this.silent();
  }
}
