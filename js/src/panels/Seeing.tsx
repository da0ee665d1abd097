import { useRef } from "preact/hooks";
import { BESIDE, BY_CHANGE, BY_STATE, besideOf, IN_ORDER } from "../sight";
import { many } from "../words";
import { useAround, useViewState } from "./hooks";
import { type Choice, Select } from "./parts";

/** Coloured by what, sorted by what, and what is searched. */
export function Seeing() {
  const { view } = useAround();
  const { colour, sort, scales, rows, head } = useViewState();
  const others: Choice[] = scales.length
    ? (rows ?? [])
        .filter(({ id, dataset }) => dataset === head?.dataset && id !== head.id)
        .map(({ id, name }) => [BESIDE + id, `against ${name}`])
    : [];
  const changes: Choice[] = colour.startsWith(BESIDE) ? [[BY_CHANGE, "change, worst first"]] : [];
  const scores: Choice[] = scales.map(({ by, name }) => [by, name]);
  const means: Choice[] = scales.map(({ by, name }) => [by, `mean ${name}`]);
  const timed: Choice[] = [
    ["duration", "duration"],
    ["attempts", "attempts"],
  ];
  return (
    <div class="oprs-seeing" onFocusCapture={() => view.sight.want()}>
      <Chooser
        label="Colour by"
        value={besideOf(colour)}
        choices={[[BY_STATE, "state"], ...scores, ...timed, ...others]}
        onChoose={(by) => view.sight.colour(by)}
      />
      <Chooser
        label="Sort by"
        value={sort}
        choices={[[IN_ORDER, "order"], ["failures", "failures"], ...means, ...timed, ...changes]}
        onChoose={(by) => view.sight.sort(by)}
      />
      <ItemSearch />
    </div>
  );
}

function Chooser({ label, ...select }: Parameters<typeof Select>[0]) {
  return (
    // biome-ignore lint/a11y/noLabelWithoutControl: a Select is one
    <label class="oprs-choice">
      <span class="oprs-quiet">{label}</span> <Select {...select} />
    </label>
  );
}

function ItemSearch() {
  const { view } = useAround();
  const { search, found } = useViewState();
  const input = useRef<HTMLInputElement>(null);
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key !== "Escape") return;
    event.stopPropagation();
    view.sight.find("");
    input.current?.closest(".oprs-grid")?.querySelector<HTMLElement>(".oprs-heatmap")?.focus();
  };
  return (
    <span class="oprs-find">
      <span class="oprs-quiet oprs-number" role="status">
        {search.trim() && found?.text === search && many(found.total, "item")}
      </span>
      <input
        ref={input}
        type="search"
        class="oprs-search oprs-items"
        placeholder="Find items ( / )"
        aria-label="Find items by text or id"
        value={search}
        onInput={(event) => view.sight.find(event.currentTarget.value)}
        onKeyDown={onKeyDown}
      />
    </span>
  );
}
