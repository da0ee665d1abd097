import { useState } from "preact/hooks";
import { count } from "../base/words";

const LONG = 2000;
const SHOWN = 600;
const LINES = 24;
/** No more than this goes into the page: nobody scrolls further, and Copy has the rest. */
const MOST = 100_000;

/** A text; a long one as its beginning, with its size, and whole in a box that scrolls by itself. */
export function LongText({ text }: { text: string }) {
  const [open, setOpen] = useState(false);
  const start = beginning(text);
  if (start.length === text.length) return <pre>{text}</pre>;
  const left = text.length - start.length;
  return (
    <>
      {open ? (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: a scroll area has to be reached by the keyboard
        <pre class="oprs-long" tabIndex={0}>
          {text.slice(0, MOST)}
          {text.length > MOST && `\n… ${count(text.length - MOST)} more characters: Copy has them`}
        </pre>
      ) : (
        <pre>{start}…</pre>
      )}
      <button type="button" class="oprs-fold" aria-expanded={open} onClick={() => setOpen(!open)}>
        {open ? "fold" : `${count(left)} more characters`}
      </button>
    </>
  );
}

function beginning(text: string): string {
  const lines = text.split("\n", LINES + 1);
  if (text.length <= LONG && lines.length <= LINES) return text;
  const start = lines.slice(0, LINES).join("\n");
  return start.length <= LONG ? start : text.slice(0, SHOWN);
}
