import { diff } from "./diff";
import { comparison } from "./expected";

/** What the output has otherwise than what the item expects, if it says so. */
export function Comparison({ item, output }: { item: unknown; output: unknown }) {
  const compared = comparison(item, output);
  if (!compared) return null;
  const { field, of, expected, actual } = compared;
  const fields = (
    <>
      <code>{of}</code> against the item's <code>{field}</code>
    </>
  );
  if (expected === actual) return <p class="oprs-quiet oprs-against">{fields}: the same</p>;
  return (
    <>
      <p class="oprs-quiet oprs-against">
        {fields}: <del>expected only</del> <ins>output only</ins>
      </p>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a scroll area has to be reached by the keyboard */}
      <pre class="oprs-diff oprs-long" tabIndex={0}>
        {diff(expected, actual).map(([kind, text], at) => {
          const Tag = kind === "gone" ? "del" : kind === "new" ? "ins" : "span";
          return <Tag key={at}>{text}</Tag>;
        })}
      </pre>
    </>
  );
}
