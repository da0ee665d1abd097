// A JSON value as a tree that folds. Values come from users' data: they are shown as text and as nothing else.
import { useState } from "preact/hooks";
import { count, many } from "../base/words";
import { LongText } from "./LongText";

const OPEN_DEPTH = 2;
const FEW = 20;
const AT_ONCE = 100;

type Holder = Record<string, unknown> | unknown[];
const holds = (value: unknown): value is Holder => typeof value === "object" && value !== null;

export function Value({ value, nothing }: { value: unknown; nothing: string }) {
  if (value === null || value === undefined) return <p class="oprs-quiet">{nothing}</p>;
  if (!holds(value)) return <Leaf value={value} />;
  return Object.keys(value).length ? (
    <Entries of={value} depth={1} />
  ) : (
    <p class="oprs-quiet">{Array.isArray(value) ? "[ ]" : nothing}</p>
  );
}

function Entries({ of, depth }: { of: Holder; depth: number }) {
  const [shown, show] = useState(AT_ONCE);
  const entries = Object.entries(of);
  const left = entries.length - shown;
  return (
    <>
      <dl class="oprs-entries">
        {entries.slice(0, shown).map(([key, value]) => (
          <div key={key}>
            <dt>{key}</dt>
            <dd>
              <Node value={value} depth={depth} />
            </dd>
          </div>
        ))}
      </dl>
      {left > 0 && (
        <button type="button" class="oprs-fold" onClick={() => show(shown + 10 * AT_ONCE)}>
          {count(left)} more
        </button>
      )}
    </>
  );
}

function Node({ value, depth }: { value: unknown; depth: number }) {
  if (!holds(value)) return <Leaf value={value} />;
  const size = Object.keys(value).length;
  if (!size) return <pre>{Array.isArray(value) ? "[ ]" : "{ }"}</pre>;
  if (isShort(value)) return <pre>{JSON.stringify(value)}</pre>;
  return <Branch value={value} size={size} depth={depth} />;
}

/** Its entries are made when it is opened first. */
function Branch({ value, size, depth }: { value: Holder; size: number; depth: number }) {
  const [open, setOpen] = useState(depth < OPEN_DEPTH && size <= FEW);
  return (
    <details open={open} onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary class="oprs-fold">{many(size, Array.isArray(value) ? "element" : "key")}</summary>
      {open && <Entries of={value} depth={depth + 1} />}
    </details>
  );
}

function Leaf({ value }: { value: unknown }) {
  return typeof value === "string" ? <LongText text={value} /> : <pre>{JSON.stringify(value)}</pre>;
}

/** A few small values fit one line. */
function isShort(value: Holder): boolean {
  return Object.keys(value).length <= 8 && JSON.stringify(value).length <= 60;
}
