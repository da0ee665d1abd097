"""What an item holds of the values it was made of, beside what the ``opik`` package sends of them."""

from __future__ import annotations

import json
import math
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from opik_resume import create_dataset
from opik_resume.base.records import Json
from opik_resume.datasets.items import checked_items
from opik_resume.exceptions import ArgumentError
from opik_resume.stores.protocol import Store
from tests.base.test_encoding_against_opik import KINDS
from tests.opik_peer import opik  # noqa: F401 - before the package's own modules: it sets the package's switches

from opik.api_objects.dataset.converters import from_pandas  # isort: skip
from opik.api_objects.streaming_upload import dumps  # isort: skip

# What we take and the SDK does not: numpy's numbers become Python's wherever they come from.
OURS = {"np.float64", "np.float32", "np.float16", "np.int8", "np.int64", "np.uint8", "np.bool_", "dataclass"} | {
    kind for kind in KINDS if kind.startswith("ndarray")
}
LEFT_OUT = {"NaT"}  # which the SDK stores as a text: no cell is less there than this one


def theirs(value: Any) -> Any:
    try:
        return json.loads(dumps({"x": value}))["x"]
    except (TypeError, ValueError, AttributeError):
        return ArgumentError


def ours(value: Any) -> Any:
    try:
        (item,) = checked_items([{"x": value, "y": 1}])
    except ArgumentError:
        return ArgumentError
    return item.data["x"]


@pytest.mark.parametrize("kind", sorted(KINDS.keys() - OURS - LEFT_OUT))
def test_it_is_what_the_sdk_sends_or_refused_as_there(kind: str) -> None:
    assert repr(ours(KINDS[kind]())) == repr(theirs(KINDS[kind]()))


@pytest.mark.parametrize("value", [np.float32(0.1), np.float16(3), np.int64(2**62), np.uint8(7), np.bool_(True)])
def test_numpys_numbers_are_pythons(value: Any) -> None:
    made = ours([value])[0]
    assert (made, type(made)) == (value.item(), type(value.item()))
    assert ours(np.array([value])) == [made]


@pytest.mark.parametrize("value", [math.nan, np.float32("nan"), np.float64("nan"), pd.NA, pd.NaT])
def test_missing_values_are_left_out(value: Any) -> None:
    (item,) = checked_items([{"x": value, "y": None, "id": value, "execution_policy": value}])
    assert item.data == {"y": None}


CELLS = st.one_of(
    st.floats(allow_infinity=False), st.none(), st.text(), st.integers(-(2**63), 2**63 - 1), st.booleans()
)


@given(
    st.lists(st.floats(allow_infinity=False, width=32) | st.floats(-1e30, 1e30), min_size=1),
    st.sampled_from(["float64", "float32"]),
)
def test_numbers_of_a_dataframe_are_exact(numbers: list[float], dtype: str) -> None:
    frame = pd.DataFrame({"n": pd.Series(numbers, dtype=dtype), "row": range(len(numbers))})
    frame = frame[np.isfinite(frame.n) | frame.n.isna()]
    made = [item.data for item in _inserted(frame)]
    assert [row.get("n") for row in made] == [None if math.isnan(n) else float(n) for n in frame.n]
    assert [row["row"] for row in made] == list(frame.row)


@given(st.lists(st.fixed_dictionaries({"a": CELLS, "b": CELLS, "c": st.just(1)}), min_size=1, max_size=4))
def test_rows_go_in_as_the_sdks_do(rows: list[Json]) -> None:
    frame = pd.DataFrame(rows)
    sdk = [json.loads(dumps(item.get_content())) for item in from_pandas(frame, {"a": "A"}, ["b"])]
    assert repr([item.data for item in _inserted(frame, {"a": "A"}, ["b"])]) == repr(sdk)
    records = [item.data for item in checked_items(frame[["a", "c"]].to_dict("records"))]
    assert records == [item.data for item in _inserted(frame, None, ["b"])]


def _inserted(
    frame: pd.DataFrame, mapping: dict[str, str] | None = None, ignored: list[str] | None = None
) -> list[Any]:
    """The items that a DataFrame becomes, without a store."""
    from opik_resume.datasets.dataset import Dataset

    class Caught(Dataset):
        def __init__(self) -> None:
            self.items: list[Any] = []

        def insert(self, items: Any, num_threads: int = 1, deduplication: bool = True) -> None:
            self.items = checked_items(items)

    caught = Caught()
    caught.insert_from_pandas(frame, mapping, ignored)
    return caught.items


def test_a_dataframe_of_all_sorts_is_read_back(store: Store) -> None:
    frame = pd.DataFrame(
        {
            "tiny": [1e-12, 0.1234567890123456],
            "whole": pd.array([1, None], dtype="Int64"),
            "when": [pd.Timestamp("2026-01-01 00:00:00.123456789Z"), pd.NaT],
            "flag": [True, False],
        }
    )
    dataset = create_dataset("frame")
    dataset.insert_from_pandas(frame)
    first, second = sorted(dataset.get_items(), key=lambda item: item["tiny"])
    assert {**first, "id": ""} == {
        "tiny": 1e-12, "whole": 1, "when": "2026-01-01T00:00:00.123456789Z", "flag": True, "id": "",
    }  # fmt: skip
    assert {**second, "id": ""} == {"tiny": 0.1234567890123456, "flag": False, "id": ""}


def test_infinity_in_a_dataframe_is_named(store: Store) -> None:
    dataset = create_dataset("frame")
    with pytest.raises(ArgumentError, match=r"items\[1\]\['n'\] cannot be stored as JSON: it is -inf"):
        dataset.insert_from_pandas(pd.DataFrame({"n": [1.0, -math.inf]}))
    assert len(dataset) == 0
