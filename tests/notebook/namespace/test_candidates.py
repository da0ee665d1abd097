"""What in a namespace is offered as a task or a metric."""

from __future__ import annotations

import functools
import importlib.resources
import json
import sys
import types
from typing import Any
from unittest.mock import MagicMock

import numpy as np
import pandas as pd
import pytest

from opik_resume import browse, evaluate
from opik_resume.metrics import Contains, Equals
from opik_resume.notebook.namespace import candidates

DEFINED = """
import functools
def answer(item): return {}
async def later(item): return {}
def defaults(item, model="m", *rest, temperature=0.0, **more): return {}
ask = lambda prompt: {}
class Model:
    def __call__(self, item): return {}
    def method(self, item): return {}
    def none(self): return {}
model = Model()
method = model.method
part = functools.partial(lambda model, item: {}, "m")
def nothing(): return {}
def two(item, other): return {}
def keyword(item, *, model): return {}
def only_keyword(*, item): return {}
def _private(item): return {}
none = model.none
part_of_library = functools.partial(len)
text = "answer"
"""


@pytest.fixture
def notebook(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    module = types.ModuleType("__main__")
    monkeypatch.setitem(sys.modules, "__main__", module)
    exec(DEFINED, module.__dict__)
    return module.__dict__


def test_tasks_are_the_users_callables_of_one_item(notebook: dict[str, Any]) -> None:
    assert list(candidates.tasks(notebook)) == [
        "answer", "later", "defaults", "ask", "model", "method", "part",
    ]  # fmt: skip


def test_nothing_that_a_library_brought_is_a_task() -> None:
    brought = {
        "browse": browse, "evaluate": evaluate, "loads": json.loads, "files": importlib.resources.files, "len": len,
        "sum": np.sum, "frame": pd.DataFrame, "equals": Equals(), "json": json, "partial": functools.partial,
        "exit": type("Exit", (), {"__module__": "IPython.core.autocall", "__call__": lambda self, item: {}})(),
    }  # fmt: skip
    assert candidates.tasks(brought) == {}


def test_a_task_of_a_module_of_the_users_own_counts() -> None:
    def answer(item: dict[str, Any]) -> dict[str, Any]:
        return item

    assert list(candidates.tasks({"answer": answer})) == ["answer"]


def test_metrics_are_instances_with_name_and_score(notebook: dict[str, Any]) -> None:
    class Nameless:
        def score(self) -> float:
            return 1.0

    class Raising:
        score = None

        @property
        def name(self) -> str:
            raise ValueError

    equals = Equals()
    namespace = {
        "Equals": Equals, "equals": equals, "same": equals, "_hidden": Contains(), "other": Contains(), "raising": Raising(),
        "nameless": Nameless(), "mock": MagicMock(), "series": pd.Series([1], name="s"), **notebook,
    }  # fmt: skip
    assert list(candidates.metrics(namespace)) == ["equals", "other"]
