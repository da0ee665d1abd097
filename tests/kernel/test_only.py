"""``%opik_resume NAME --only …``: the same words as everywhere, and Tab offers what there is."""

from __future__ import annotations

from pathlib import Path

import pytest

from opik_resume import plan_resume
from opik_resume.stores.protocol import Store
from tests.kernel.harness import Kernel
from tests.selections import MISSING, PATTERN, SELECTIONS, Cells, both

ROOT = Path(__file__).parents[2]
PREPARE = f"""
import sys
sys.path.insert(0, {str(ROOT)!r})
from opik_resume.stores.connections import default_store
from tests.selections import JUDGE, MENDED, Task, lacking
mended = Task(mended=True)
"""
STRINGS = {
    name: words
    for name, selection in SELECTIONS.items()
    for words in [selection.said(dict.fromkeys(range(7), ""))]
    if isinstance(words, str) or (isinstance(words, list) and all(isinstance(word, str) for word in words))
}


@pytest.fixture(scope="module", autouse=True)
def prepared(kernel: Kernel) -> None:
    kernel.run(PREPARE)


def made(kernel: Kernel, name: str) -> dict[str, int]:
    """The numbers of its items by their ids."""
    ids: dict[int, str] = eval(kernel.value(f"lacking(default_store(), {name!r})"))
    return {item_id: n for n, item_id in ids.items()}


def missing(name: str, number: dict[str, int], store: Store) -> Cells:
    return {(number[cell.key.item_id], cell.key.trial) for cell in plan_resume(name, store=store).cells}


@pytest.mark.parametrize("name", STRINGS)
def test_the_magic_runs_the_cells_that_are_meant_and_no_other(kernel: Kernel, store: Store, name: str) -> None:
    number, said = made(kernel, name), STRINGS[name]
    options = " ".join(f'--only "{word}"' for word in ([said] if isinstance(said, str) else said))
    kernel.run("mended.calls.clear()")
    shown = kernel.run(f'%opik_resume "{name}" --task mended --metrics MENDED {options}')
    assert "of 14 runs complete" in shown.result["text/plain"]
    meant = SELECTIONS[name].meant
    assert missing(name, number, store) == MISSING - meant
    assert int(kernel.value("mended.calls.total()")) == len(meant - both(3))


def test_what_matches_nothing_is_said_and_nothing_runs(kernel: Kernel, store: Store) -> None:
    number = made(kernel, "nowhere")
    widgets = len(kernel.models)
    said = kernel.fails("%opik_resume nowhere --task mended --metrics MENDED --only Timeout")
    assert (
        "ArgumentError: only: nothing that is missing matches 'Timeout'. There is 'TimeoutError' (exception, 1 run)"
        in said
    )
    assert "name the experiment: %opik_resume my-experiment --only failed" in kernel.fails("%opik_resume --only failed")
    assert (missing("nowhere", number, store), len(kernel.models)) == (MISSING, widgets)


def test_tab_offers_what_the_experiment_lacks(kernel: Kernel) -> None:
    made(kernel, "to complete")
    line = '%opik_resume "to complete" --only '
    everything = list(kernel.complete(f"{line}|"))
    assert everything[:2] == ["failed", "never_run"]
    assert {"RateLimitError", "judge", f'"{PATTERN}"', '"never started"'} <= set(everything)
    assert list(kernel.complete(f"{line}failed --only Rate|")) == ["RateLimitError", f'"{PATTERN}"']
    assert kernel.complete(f'{line}"RateLimitError: L|') == {f'"{PATTERN}"': f'{line}"{PATTERN}"'}
    assert next(iter(kernel.complete('%opik_resume "to complete" --only=Time|'))) == "TimeoutError"
    assert "--only" in kernel.complete(f"{line}failed --o|")
    assert list(kernel.complete("%opik_resume nobody --only |"))[:2] == ["failed", "never_run"], "what may be"
