import { count, many } from "../base/words";
import type { Sort } from "../protocol";
import { ARRANGEMENTS, counted, FILTERS, meets, wanted } from "../state/filters";
import { useAround, useViewState } from "./hooks";
import { Select } from "./parts";

const ORDERS: readonly (readonly [Sort, string])[] = [
  ["-created_at", "newest first"],
  ["created_at", "oldest first"],
  ["-updated_at", "last changed"],
  ["name", "by name"],
];

/** What to search and in which order; mostly the store's work. */
export function Finder() {
  const { view } = useAround();
  const { query, remote, rows, total, arrangement } = useViewState();
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
        <span class="oprs-number">{rows && many(total, "experiment")}</span>
        <Select
          class="oprs-order"
          label="Order"
          value={arrangement ?? query.sort}
          choices={[...ORDERS, ...ARRANGEMENTS.map((each) => [each, each] as const)]}
          onChoose={order}
        />
      </p>
      <Chips />
    </>
  );
}

/** Which states are shown, with how many there are of each among what is listed. */
function Chips() {
  const { view } = useAround();
  const { rows, total, filter, answered } = useViewState();
  const meant = wanted(answered?.search ?? "");
  const counts = counted((rows ?? []).filter((row) => meets(row, meant)));
  const more = rows && rows.length < total ? "+" : "";
  return (
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
          {each !== "all" && <span class="oprs-number">{rows && count(counts[each]) + more}</span>}
        </button>
      ))}
    </fieldset>
  );
}
