// What the feed says, in order. A patch counts only on top of its predecessor; after a gap nothing is
// believed until the next key frame.
import type { AnyModel } from "@anywidget/types";
import { listen } from "../base/ending";
import {
  bytesOf,
  type FeedMessage,
  type Head,
  type Progress,
  uint16Of,
  uint32Of,
  type What,
} from "../protocol";
import { type Counted, expand, plain } from "../protocol/runs";

export interface FeedListener {
  /** Whether the view shows this experiment; everything about others is passed over. */
  accepts(experiment: string): boolean;
  key(head: Head, progress: Progress, cells: Counted, runs: Uint16Array | null): void;
  patch(progress: Progress, cells: Uint32Array, states: Uint8Array): void;
  changed(what: readonly What[]): void;
  gap(): void;
}

export function followFeed(model: AnyModel, signal: AbortSignal, listener: FeedListener): void {
  let seq: number | null = null;
  let synced = false;

  const receive = (message: FeedMessage, buffers: DataView[] = []) => {
    if (typeof message?.seq !== "number") return;
    const follows = message.seq - 1 === seq;
    seq = message.seq;
    if (message.kind === "key") {
      const { head, progress, coding } = message;
      synced = listener.accepts(head.id);
      if (!synced) return;
      const sent = bytesOf(buffers[0]);
      const cells = coding === "runs" ? expand(sent, head.cells) : plain(sent);
      listener.key(head, progress, cells, head.uniform ? null : uint16Of(buffers[1]));
    } else if (message.kind === "patch") {
      if (!follows) synced = false;
      if (!listener.accepts(message.experiment)) return;
      if (synced) listener.patch(message.progress, uint32Of(buffers[0]), bytesOf(buffers[1]));
      else listener.gap();
    } else if (message.kind === "changed") {
      if (synced && !follows) {
        synced = false;
        listener.gap();
      }
      listener.changed(message.what);
    }
  };
  listen(model, "msg:custom", receive, signal);
}
