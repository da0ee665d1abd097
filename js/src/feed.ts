// What the feed says, in order. A patch counts only on top of its predecessor; after a gap nothing is
// believed until the next key frame.
import type { AnyModel } from "@anywidget/types";
import { listen } from "./ending";
import {
  bytesOf,
  type FeedMessage,
  type Head,
  type Progress,
  uint16Of,
  uint32Of,
  type What,
} from "./protocol";
import { type Counted, expand, plain } from "./runs";

export interface FeedListener {
  /** Whether the view shows this experiment; everything about others is passed over. */
  accepts(experiment: string): boolean;
  key(head: Head, progress: Progress, cells: Counted, runs: Uint16Array | null): void;
  patch(progress: Progress, cells: Uint32Array, states: Uint8Array): void;
  changed(what: readonly What[]): void;
  gap(): void;
}

export class Feed {
  private seq: number | null = null;
  private synced = false;

  constructor(
    model: AnyModel,
    signal: AbortSignal,
    private listener: FeedListener,
  ) {
    const receive = (message: FeedMessage, buffers: DataView[]) => this.receive(message, buffers);
    listen(model, "msg:custom", receive, signal);
  }

  private receive(message: FeedMessage, buffers: DataView[] = []): void {
    if (typeof message?.seq !== "number") return;
    const follows = this.seq !== null && message.seq === this.seq + 1;
    this.seq = message.seq;
    if (message.kind === "key") this.key(message, buffers);
    else if (message.kind === "patch") this.patch(message, buffers, follows);
    else if (message.kind === "changed") this.changed(message.what, follows);
  }

  private key(message: FeedMessage & { kind: "key" }, buffers: DataView[]): void {
    this.synced = this.listener.accepts(message.head.id);
    if (!this.synced) return;
    const { head, progress, coding } = message;
    const sent = bytesOf(buffers[0]);
    const cells = coding === "runs" ? expand(sent, head.cells) : plain(sent);
    this.listener.key(head, progress, cells, head.uniform ? null : uint16Of(buffers[1]));
  }

  private patch(
    message: FeedMessage & { kind: "patch" },
    buffers: DataView[],
    follows: boolean,
  ): void {
    if (!follows) this.synced = false;
    if (!this.listener.accepts(message.experiment)) return;
    if (this.synced) {
      this.listener.patch(message.progress, uint32Of(buffers[0]), bytesOf(buffers[1]));
    } else {
      this.listener.gap();
    }
  }

  private changed(what: readonly What[], follows: boolean): void {
    if (this.synced && !follows) {
      this.synced = false;
      this.listener.gap();
    }
    this.listener.changed(what);
  }
}
