import { count } from "../../base/words";
import { scopesOf } from "../../state/planning";
import { useAround, useViewState } from "../hooks";
import { Popover } from "../Popover";

/** The arrow beside Resume: takes less than everything, or goes on until that is complete. */
export function ResumeMenu({ off }: { off: boolean }) {
  const { view } = useAround();
  const state = useViewState();
  const { scope: wished, until } = state.wish;
  return (
    <Popover label="▾" name="What to resume" menu off={off}>
      {scopesOf(state, view.cells).map(({ scope, name, cells }) => (
        <button
          key={scope}
          type="button"
          role="menuitemradio"
          class="oprs-option"
          tabIndex={-1}
          aria-checked={scope === wished}
          aria-disabled={cells === 0}
          onClick={(event) =>
            cells === 0 ? event.stopPropagation() : view.planning.wish({ scope })
          }
        >
          <span class="oprs-clip">{name}</span>
          <span class="oprs-number oprs-quiet">{cells === undefined ? "" : count(cells)}</span>
        </button>
      ))}
      <button
        type="button"
        role="menuitemcheckbox"
        class="oprs-option"
        tabIndex={-1}
        aria-checked={until}
        title="Again, after a pause, as long as runs fail of what passes by itself"
        onClick={() => view.planning.wish({ until: !until })}
      >
        until complete
      </button>
    </Popover>
  );
}
