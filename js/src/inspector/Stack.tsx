// A traceback as its parts: the user's own frames open, those of a package folded. All of it is text.

import { many } from "../base/words";
import type { Frame, Part } from "../protocol";

const MOST = 12;

export function Stack({ parts }: { parts: readonly Part[] }) {
  return (
    <div class="oprs-traceback">
      {parts.map((part, at) =>
        "text" in part ? (
          <p key={at} class="oprs-quiet">
            {part.text}
          </p>
        ) : (
          <Frames key={at} part={part} alone={parts.length === 1} />
        ),
      )}
    </div>
  );
}

function Frames({ part, alone }: { part: Extract<Part, { frames: Frame[] }>; alone: boolean }) {
  const { package: whose, frames } = part;
  const listed = frames.map((frame, at) => (
    <li key={at}>
      <span class="oprs-place">{frame.place}</span>
      {frame.name && frame.name !== "<module>" && <span class="oprs-quiet"> in {frame.name}</span>}
      {frame.code && <pre>{frame.code.trimEnd()}</pre>}
    </li>
  ));
  if (alone || (whose === null && frames.length <= MOST)) return <ol>{listed}</ol>;
  return (
    <details>
      <summary class="oprs-fold">
        {many(frames.length, "more frame")} {whose === null ? "of your own" : `in ${whose}`}
      </summary>
      <ol>{listed}</ol>
    </details>
  );
}
