import { count, many } from "../../base/words";
import type { Sort } from "../../protocol";
import { ARRANGEMENTS, counted, FILTERS, isPartial } from "../../state/filters";
import type { ListedRow } from "../../state/viewstate";
import { useAround, useViewState } from "../hooks";
import { Select } from "../parts";

const ORDERS: readonly (readonly [Sort, string])[] = [
  ["-created_at", "newest first"],
  ["created_at", "oldest first"],
  ["-updated_at", "last changed"],
  ["name", "by name"],
];

/** What to search and in which order, mostly the store's work; and which states are shown, with how many there are of each
 * among those that the search is of. */
export function Finder({ among }: { among: readonly ListedRow[] }) {
  const { view } = useAround();
  const { query, remote, rows, total, arrangement, filter } = useViewState();
  const counts = counted(among);
  const more = rows && isPartial(rows, total) ? "+" : "";
  const order = (chosen: string) => {
    const arranging = ARRANGEMENTS.find((each) => each === chosen);
    if (arranging) view.listing.arrange(arranging);
    else view.listing.find({ sort: chosen as Sort });
  };
  return (
    <>
      <input
        type="search"
        class="oprs-search"
        placeholder={remote ? "Search by name" : "Search by name or dataset"}
        aria-label="Search experiments"
        value={query.search}
        onInput={(event) => view.listing.find({ search: event.currentTarget.value })}
      />
      <p class="oprs-line oprs-quiet">
        <span class="oprs-number">
          {rows && counts[filter] < rows.length && `${count(counts[filter])}${more} of `}
          {rows && many(total, "experiment")}
        </span>
        <Select
          class="oprs-order"
          label="Order"
          value={arrangement ?? query.sort}
          choices={[...ORDERS, ...ARRANGEMENTS.map((each) => [each, each] as const)]}
          onChoose={order}
        />
      </p>
      <fieldset class="oprs-chips" aria-label="Show">
        {FILTERS.map((each) => (
          <button
            key={each}
            type="button"
            class="oprs-chip"
            aria-pressed={each === filter}
            onClick={() => view.listing.filter(each)}
          >
            {each}{" "}
            {each !== "all" && (
              <span class="oprs-number">{rows && count(counts[each]) + more}</span>
            )}
          </button>
        ))}
      </fieldset>
    </>
  );
}
