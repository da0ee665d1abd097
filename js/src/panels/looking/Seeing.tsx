import { useEffect, useRef, useState } from "preact/hooks";
import { many } from "../../base/words";
import { startOf } from "../../heatmap/cells/shape";
import {
  BESIDE,
  BY_CHANGE,
  BY_STATE,
  besideOf,
  DISAGREEMENT,
  FIELD,
  IN_ORDER,
} from "../../state/sight";
import { useAround, useViewState } from "../hooks";
import { type Choice, Select } from "../parts";

/** Coloured by what, sorted by what, and what is searched. */
export function Seeing() {
  const { view } = useAround();
  const { colour, sort, scales, measures, fields, rows, head } = useViewState();
  const others: Choice[] = scales.length
    ? (rows ?? [])
        .filter(({ id, dataset }) => dataset === head?.dataset && id !== head.id)
        .map(({ id, name }) => [BESIDE + id, `against ${name}`])
    : [];
  const changes: Choice[] = colour.startsWith(BESIDE) ? [[BY_CHANGE, "change, worst first"]] : [];
  const scores: Choice[] = scales.map(({ by, name }) => [by, name]);
  const means: Choice[] = scales.map(({ by, name }) => [by, `mean ${name}`]);
  /** Disagreement is that in each score; without one, of states. */
  const measured: Choice[] = measures.flatMap((by) =>
    by === DISAGREEMENT && scales.length
      ? scales.map((of): Choice => [`${by}:${of.by}`, `${by} in ${of.name}`])
      : [[by, by]],
  );
  const fielded: Choice[] = fields.map((name) => [FIELD + name, `item's ${name}`]);
  return (
    <div class="oprs-seeing" onFocusCapture={() => view.sight.want()}>
      <Chooser
        label="Colour by"
        value={besideOf(colour)}
        choices={[[BY_STATE, "state"], ...scores, ...measured, ...others]}
        onChoose={(by) => view.sight.colour(by)}
      />
      <Chooser
        label="Sort by"
        value={sort}
        choices={[
          [IN_ORDER, "order"],
          ["failures", "failures"],
          ...means,
          ...measured,
          ...changes,
          ...fielded,
        ]}
        onChoose={(by) => view.sight.sort(by)}
      />
      <ItemSearch />
    </div>
  );
}

/** What was chosen before a reload is among the choices also while these are not known. */
function Chooser({ label, choices, ...select }: Parameters<typeof Select>[0]) {
  const { value } = select;
  const known = choices.some(([each]) => each === value);
  const own: Choice[] = known ? [] : [[value, value.replace(/^[a-z]+:/, "")]];
  return (
    // biome-ignore lint/a11y/noLabelWithoutControl: a Select is one
    <label class="oprs-choice">
      <span class="oprs-quiet">{label}</span> <Select {...select} choices={[...choices, ...own]} />
    </label>
  );
}

function ItemSearch() {
  const { view } = useAround();
  const { search, found } = useViewState();
  const input = useRef<HTMLInputElement>(null);
  const answered = found?.text === search;
  /** The first of what is found is to be shown, as soon as it is known. */
  const [going, go] = useState(false);
  useEffect(() => {
    if (!going || !answered) return;
    go(false);
    if (found.items.length) view.inspect(startOf(view.cells.shape, found.items[0]));
  }, [going, answered]);
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === "Escape") view.sight.find("");
    else if (event.key !== "Enter" || !input.current?.value.trim()) return;
    else go(true);
    event.stopPropagation();
    input.current?.closest(".oprs-grid")?.querySelector<HTMLElement>(".oprs-heatmap")?.focus();
  };
  return (
    <span class="oprs-find">
      <span class="oprs-quiet oprs-number" role="status">
        {search.trim() && answered && many(found.total, "item")}
      </span>
      <input
        ref={input}
        type="search"
        class="oprs-search oprs-items"
        placeholder="Find items ( / )"
        aria-label="Find items by text, id or number"
        value={search}
        onInput={(event) => view.sight.find(event.currentTarget.value)}
        onKeyDown={onKeyDown}
      />
    </span>
  );
}
