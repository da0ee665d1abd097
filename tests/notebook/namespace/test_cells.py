"""Variables that the widget puts in the notebook, and the numbers of its cells."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from IPython.core.interactiveshell import InteractiveShell

from opik_resume.notebook.namespace.cells import cell_number, put


@pytest.fixture
def shell() -> Iterator[InteractiveShell]:
    yield InteractiveShell.instance()
    InteractiveShell.clear_instance()


def test_a_variable_that_holds_something_else_stays(shell: InteractiveShell) -> None:
    item = {"n": 1, "id": "a"}
    assert put("item_17", item) == "item_17"
    assert put("item_17", dict(item)) == "item_17", "it is the same"
    shell.user_ns["item_17"]["n"] = 2
    assert put("item_17", {"n": 1, "id": "a"}) == "item_17_2"
    for mine in (np.arange(3), {"n": np.arange(3)}, None, "text"):
        shell.user_ns["item_3"] = mine
        assert put("item_3", {"n": [1, 2]}) == "item_3_2"
        assert shell.user_ns["item_3"] is mine
        del shell.user_ns["item_3_2"]


def test_cells_of_this_session_have_their_number(shell: InteractiveShell) -> None:
    shell.run_cell("first = 1", store_history=True)
    shell.run_cell("def named(): pass", store_history=True)
    path = shell.user_ns["named"].__code__.co_filename
    assert cell_number(path) == shell.execution_count - 1
    assert cell_number("/somewhere/else.py") is None


def test_without_a_notebook_there_is_nothing() -> None:
    assert put("item_1", {}) is None
    assert cell_number("whatever.py") is None
