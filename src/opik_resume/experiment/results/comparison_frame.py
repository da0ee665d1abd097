"""Two experiments of one dataset side by side, item by item, as a table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from opik_resume.base.numeric import np
from opik_resume.experiment.results.comparing import Scored, compare, means_by_item

if TYPE_CHECKING:
    import pandas as pd


def comparison_frame(items: Sequence[str], scores: Mapping[str, tuple[Scored, Scored]]) -> pd.DataFrame:
    """One row for each item of the one here, what has become worst by the first score first.

    Columns: ``item_id``, ``position`` (in the order here) and, of each score that either has, ``<name>``, ``<name>.other`` and ``<name>.change``: means over the
    item's runs, and their difference; NaN where one has none.

    Args:
        items: the ids of the items here, in the experiment's order.
        scores: by name, as it is here and there.
    """
    import pandas as pd

    frame = pd.DataFrame({"item_id": np.array(list(items), dtype=object), "position": np.arange(len(items))})
    for name, (here, there) in scores.items():
        frame[name] = means_by_item(here)
        frame[f"{name}.other"] = np.append(means_by_item(there), np.nan)[there.items.places(here.items.texts)]
        frame[f"{name}.change"] = compare(here, there).change
    first = next((f"{name}.change" for name in scores), None)
    return frame if first is None else frame.sort_values(first, kind="stable", ignore_index=True)
