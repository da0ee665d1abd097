"""Our samplers beside the ``opik`` package's: each draws the same, from its own items and from the other's."""

from __future__ import annotations

import inspect
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from opik_resume.base.records import Item
from opik_resume.samplers import DatasetItem, RandomDatasetSampler, draw
from tests import opik_peer

ITEMS = [Item(f"id-{n}", {"n": n, "x": {"y": [n]}}) for n in range(10)]
THEIRS = [opik_peer.DatasetItem(id=item.id, **item.data) for item in ITEMS]

arguments = given(st.integers(0, 12), st.booleans(), st.integers(), st.integers(0, 10))


@arguments
def test_the_same_is_drawn(max_samples: int, shuffle: bool, seed: int, there: int) -> None:
    expected = opik_peer.samplers.RandomDatasetSampler(max_samples, shuffle, seed).sample(THEIRS[:there])
    drawn = draw(RandomDatasetSampler(max_samples, shuffle, seed), ITEMS[:there])
    assert [item.id for item in drawn] == [item.id for item in expected]


@arguments
def test_opiks_sampler_works_here(max_samples: int, shuffle: bool, seed: int, there: int) -> None:
    theirs = opik_peer.samplers.RandomDatasetSampler(max_samples, shuffle, seed)
    assert draw(theirs, ITEMS[:there]) == draw(RandomDatasetSampler(max_samples, shuffle, seed), ITEMS[:there])


def test_the_constructor_is_opiks() -> None:
    ours, theirs = (
        [(p.name, p.default) for p in inspect.signature(sampler).parameters.values()]
        for sampler in (RandomDatasetSampler, opik_peer.samplers.RandomDatasetSampler)
    )
    assert ours == theirs


def test_the_view_shows_what_opiks_item_shows() -> None:
    data: dict[str, Any] = {"n": 0, "x": "y"}
    policy = opik_peer.ExecutionPolicyItem(runs_per_item=2)
    theirs = opik_peer.DatasetItem(id="id-0", execution_policy=policy, **data)
    view = DatasetItem(Item("id-0", data, runs_per_item=2))
    assert theirs.execution_policy is not None
    assert view.execution_policy is not None
    assert view.execution_policy.runs_per_item == theirs.execution_policy.runs_per_item
    assert view.get_content() == theirs.get_content()
    assert view.get_content(include_id=True) == theirs.get_content(include_id=True)
    assert view.model_extra == theirs.model_extra
    for name in ("id", "source", "trace_id", "span_id", "description", "evaluators", "n", "x"):
        assert getattr(view, name) == getattr(theirs, name)
