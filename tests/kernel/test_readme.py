"""The README's doors, pasted into an empty notebook one after the other, run as they are."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from opik_resume import experiments, plan_resume
from opik_resume.stores.protocol import Store
from tests.kernel.conftest import started

README = Path(__file__).parents[2] / "README.md"


@pytest.fixture(scope="module")
def doors() -> list[str]:
    """The code of the three doors."""
    section = README.read_text("utf-8").partition("## Three doors")[2].partition("\n## ")[0]
    return re.findall(r"```python\n(.*?)```", section, re.DOTALL)


def test_each_block_runs_when_pasted(doors: list[str], folder: Path, store: Store) -> None:
    click, type_it, script_it = doors
    with started(folder) as kernel:
        assert "application/vnd.jupyter.widget-view+json" in kernel.run(click).displayed[-2]
        (row,) = experiments(store=store).itertuples()
        assert (row.name, row.done, row.expected, row.state) == ("my-experiment", 3, 6, "resumable")
        assert "the model did not answer" in kernel.run(type_it).result["text/plain"]
        assert "score.equals" in kernel.run(script_it).result["text/plain"]
        kernel.run("def answer(item):\n    return {'output': '9'}")
        assert "6 of 6 runs complete" in kernel.value("evaluate_resume('my-experiment', answer, [equals])")
    assert plan_resume("my-experiment", store=store).cells == ()
