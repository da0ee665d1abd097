// Small pieces that several panels are made of.
import type { ComponentChildren } from "preact";

/** What went wrong, said at once; nothing when nothing did. */
export const Alert = ({ children }: { children: ComponentChildren }) =>
  children ? (
    <p class="oprs-trouble" role="alert">
      {children}
    </p>
  ) : null;

export type Choice = readonly [value: string, name: string];

interface SelectProps {
  class?: string;
  label?: string;
  value: string;
  choices: readonly Choice[];
  onChoose(value: string): void;
}

export const Select = ({ class: more = "", label, value, choices, onChoose }: SelectProps) => (
  <select
    class={`oprs-field ${more}`}
    aria-label={label}
    title={choices.find(([each]) => each === value)?.[1]}
    value={value}
    onChange={(event) => onChoose(event.currentTarget.value)}
  >
    {choices.map(([each, name]) => (
      <option key={each} value={each} selected={each === value}>
        {name}
      </option>
    ))}
  </select>
);

interface TableProps {
  heads: readonly string[];
  children: ComponentChildren;
}

export const Table = ({ heads, children }: TableProps) => (
  <table class="oprs-scores">
    <thead>
      <tr>
        {heads.map((head) => (
          <th key={head} scope="col">
            {head}
          </th>
        ))}
      </tr>
    </thead>
    <tbody>{children}</tbody>
  </table>
);
