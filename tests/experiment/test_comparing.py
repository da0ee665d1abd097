"""Two experiments compared by a score: verdicts, pairs of items, differences of means."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from opik_resume.base.columns.ids import Ids
from opik_resume.experiment.results.comparing import UNKNOWN, Comparison, Scored, compare, verdicts

Runs = dict[str, list[float]]
NONE = float("nan")
VALUES = st.sampled_from([0.0, 0.25, 1.0, -3.0, NONE]) | st.floats(-1e6, 1e6)
EXPERIMENTS = st.dictionaries(st.sampled_from("abcdef"), st.lists(VALUES, max_size=3), max_size=6)


def scored(runs: Runs) -> Scored:
    item = [place for place, values in enumerate(runs.values()) for _ in values]
    values = [value for values in runs.values() for value in values]
    return Scored(Ids.of(list(runs)), np.array(item, dtype=np.int64), np.array(values, dtype=np.float64))


def between(here: Runs, there: Runs) -> Comparison:
    return compare(scored(here), scored(there))


def mean(values: list[float]) -> float:
    known = [value for value in values if not math.isnan(value)]
    return sum(known) / len(known) if known else NONE


def test_a_run_is_held_against_the_mean_of_its_item_elsewhere() -> None:
    found = between({"a": [1.0, 0.0, 0.5], "b": [1.0]}, {"b": [1.0, 1.0], "a": [0.0, 1.0]})
    assert found.cells.tolist() == [1, -1, 0, 0]
    assert found.items.tolist() == [0, 0]


def test_what_one_of_them_lacks_has_no_verdict() -> None:
    found = between({"a": [1.0], "b": [NONE], "c": [1.0]}, {"a": [0.0], "b": [1.0], "d": [1.0], "e": []})
    assert found.cells.tolist() == [1, UNKNOWN, UNKNOWN]
    assert found.items.tolist() == [1, UNKNOWN, UNKNOWN]
    assert (found.only_here, found.only_there) == (1, 2)
    assert found.difference is not None
    assert (found.difference.n, found.difference.mean, found.difference.error) == (1, 1.0, None)


def test_means_are_of_the_items_that_both_have_and_the_error_is_that_of_the_pairs() -> None:
    here = {"a": [0.2], "b": [0.6], "c": [1.0], "only": [9.0]}
    there = {"a": [0.1], "b": [0.4], "c": [0.7], "other": [-9.0]}
    found = between(here, there)
    assert found.mean is not None
    assert found.other_mean is not None
    assert found.difference is not None
    assert found.mean.mean == pytest.approx(0.6)
    assert found.other_mean.mean == pytest.approx(0.4)
    assert found.difference.mean == pytest.approx(0.2)
    assert found.difference.error == pytest.approx(0.1 / math.sqrt(3))  # the pairs differ by 0.1, 0.2 and 0.3
    assert found.mean.error is not None
    assert found.difference.error is not None
    assert found.mean.error > 2 * found.difference.error, "the items differ more than the experiments"


def test_sums_of_floats_are_the_same() -> None:
    assert between({"a": [0.1 + 0.2]}, {"a": [0.3]}).items.tolist() == [0]
    assert verdicts(np.array([0.0, 1e-12]), np.array([1e-12, 0.0])).tolist() == [-1, 1]


def test_the_worse_ones_are_first_however_large_values_are() -> None:
    """A difference that is nothing beside large values does not come before one that is all there is of small ones."""
    found = between(
        {"large": [1e12], "small": [0.0], "more": [2.0]}, {"large": [1e12 + 1], "small": [0.5], "more": [1.0]}
    )
    assert found.items.tolist() == [0, -1, 1]
    assert found.order.tolist() == [1, 0, 2]


def test_nothing_to_compare() -> None:
    found = between({}, {"a": [1.0]})
    assert (found.mean, found.other_mean, found.difference, found.only_there) == (None, None, None, 1)
    assert between({"a": [1.0]}, {}).cells.tolist() == [UNKNOWN]


@given(EXPERIMENTS, EXPERIMENTS)
def test_the_other_way_round_better_is_worse(here: Runs, there: Runs) -> None:
    one, other = between(here, there), between(there, here)
    assert [one.count(verdict) for verdict in (1, 0, -1)] == [other.count(verdict) for verdict in (-1, 0, 1)]
    assert (one.only_here, one.only_there) == (other.only_there, other.only_here)
    if one.difference is not None:
        assert other.difference is not None
        assert one.difference.mean == pytest.approx(-other.difference.mean)


@given(EXPERIMENTS)
def test_nothing_changes_beside_itself(runs: Runs) -> None:
    found = between(runs, runs)
    assert found.count(1) == found.count(-1) == 0
    assert found.difference is None or found.difference.mean == 0


@given(EXPERIMENTS, EXPERIMENTS, st.randoms())
def test_it_agrees_with_doing_it_by_hand_in_whatever_order_items_are(here: Runs, there: Runs, random: object) -> None:
    shuffled = list(there)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    found = between(here, {item: there[item] for item in shuffled})
    changes = [mean(values) - mean(there.get(item, [])) for item, values in here.items()]
    assert found.change.tolist() == pytest.approx(changes, nan_ok=True)
    known = [change for change in changes if not math.isnan(change)]
    assert (found.difference.n if found.difference else 0) == len(known)
    verdicts, ordered = found.items[found.order], found.change[found.order]
    assert np.isnan(ordered[len(known) :]).all()
    counts = [found.count(verdict) for verdict in (-1, 0, 1)]
    assert verdicts[: len(known)].tolist() == np.repeat([-1, 0, 1], counts).tolist(), (
        "so counts tell which items they are"
    )
    for verdict in (-1, 0, 1):
        assert (np.diff(ordered[verdicts == verdict]) >= 0).all()
    assert len(found.cells) == sum(map(len, here.values()))
