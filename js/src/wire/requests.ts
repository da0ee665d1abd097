// Requests to the kernel and their replies. The kernel may be busy for minutes: a request that is late is
// only reported as late, and its reply counts whenever it comes.
import type { AnyModel } from "@anywidget/types";
import { listen, whenEnded } from "../base/ending";
import type { ControlTraits, Method, Methods, Reply } from "../protocol";

export const LATE_AFTER = 3000;
/** ms; by then the kernel has said that it is at work, if it is free. */
export const NUDGE_AFTER = 15;

export interface Answer<M extends Method> {
  result: Methods[M]["result"];
  buffers: DataView[];
}

export class RequestRefused extends Error {
  constructor(
    readonly type: string,
    message: string,
  ) {
    super(message);
  }
}

/** It cannot even be sent: the kernel at the other end is gone. */
export class NobodyThere extends Error {}

interface Pending {
  method: Method;
  late: boolean;
  timer: ReturnType<typeof setTimeout>;
  resolve(result: unknown, buffers: DataView[]): void;
  reject(error: RequestRefused): void;
}

export class Requests {
  private pending = new Map<number, Pending>();
  private lastId = firstId();
  private nudging: ReturnType<typeof setTimeout> | undefined;

  constructor(
    private model: AnyModel<ControlTraits>,
    private signal: AbortSignal,
    private onLate: (late: readonly Method[]) => void,
  ) {
    const receive = (message: Reply, buffers: DataView[]) => this.receive(message, buffers);
    listen(model, "msg:custom", receive, signal);
    whenEnded(signal, () => this.forgetAll());
  }

  send<M extends Method>(method: M, params: Methods[M]["params"]): Promise<Answer<M>> {
    const id = ++this.lastId;
    return new Promise((resolve, reject) => {
      if (this.signal.aborted) return;
      this.pending.set(id, {
        method,
        late: false,
        timer: setTimeout(() => this.markLate(id), LATE_AFTER),
        resolve: (result, buffers) => resolve({ result: result as Answer<M>["result"], buffers }),
        reject,
      });
      try {
        this.model.send({ kind: "request", id, method, params });
        this.nudging ??= setTimeout(() => this.nudge(), NUDGE_AFTER);
      } catch (error) {
        this.forget(id);
        reject(new NobodyThere(String(error)));
      }
    });
  }

  /** Nothing that is under way will be answered. */
  forgetAll(): void {
    for (const id of [...this.pending.keys()]) this.forget(id);
    this.reportLate();
  }

  /** A server that speaks to the browser through a socket as it comes (Jupyter's does) holds a small message back until
   * the one before is acknowledged: the answer, behind the word that the kernel is at work. The browser's system does so
   * 40 ms late and more (Nagle's algorithm, delayed acknowledgement), or along with the next that is sent. */
  private nudge(): void {
    this.nudging = undefined;
    if (this.pending.size) this.model.send({ kind: "nudge" });
  }

  private forget(id: number): void {
    clearTimeout(this.pending.get(id)?.timer);
    this.pending.delete(id);
  }

  isPending(method: Method): boolean {
    return [...this.pending.values()].some((request) => request.method === method);
  }

  private receive(message: Reply, buffers: DataView[] = []): void {
    if (message?.kind !== "reply") return;
    const request = this.pending.get(message.id);
    if (!request) return;
    this.forget(message.id);
    if (request.late) this.reportLate();
    if (message.ok) request.resolve(message.result, buffers);
    else request.reject(new RequestRefused(message.error.type, message.error.message));
  }

  private markLate(id: number): void {
    const request = this.pending.get(id);
    if (!request) return;
    request.late = true;
    this.reportLate();
  }

  private reportLate(): void {
    const late = [...this.pending.values()].filter((request) => request.late);
    this.onLate(late.map((request) => request.method));
  }
}

/** Replies reach every view of a model in every browser tab, so views must not share ids. */
function firstId(): number {
  return Math.floor(Math.random() * 2 ** 31) * 2 ** 20;
}
