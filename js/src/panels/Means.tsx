import { isolated, meanOf } from "../base/words";
import type { Scale } from "../protocol";

/** The mean of each metric, its standard error, and of how many runs. A line breaks after the point between metrics only. */
export function Means({ of }: { of: readonly Scale[] }) {
  return (
    <>
      {of.map((scale, at) => (
        <span key={scale.by}>
          {at > 0 && " "}
          <span class="oprs-mean">
            <b>{scale.name}</b> {meanOf(scale)}
            {at < of.length - 1 && " ·"}
          </span>
        </span>
      ))}
    </>
  );
}

export const meansLine = (scales: readonly Scale[]): string =>
  scales.map((scale) => `${isolated(scale.name)} ${meanOf(scale)}`).join(" · ");
