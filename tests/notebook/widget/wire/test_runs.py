"""Run-length coding of state bytes. The front end decodes the same examples: ``js/test/node/runs.test.ts``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from opik_resume.notebook.widget.wire.runs import LONGEST, coded
from tests.notebook.helpers import decoded

EXAMPLES = json.loads((Path(__file__).parents[4] / "js/test/runs.json").read_text())
RUNS = st.lists(st.tuples(st.integers(0, 255), st.integers(1, 3 * LONGEST)), max_size=40)


def states_of(runs: list[Any]) -> np.ndarray:
    return np.repeat(np.array([byte for byte, _ in runs], dtype=np.uint8), [length for _, length in runs])


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example["name"])
def test_the_examples_that_the_front_end_decodes(example: dict[str, Any]) -> None:
    assert coded(states_of(example["runs"])).hex() == example["coded"]


@given(RUNS)
def test_what_is_coded_can_be_decoded(runs: list[tuple[int, int]]) -> None:
    states = states_of(runs)
    assert decoded(coded(states)).tolist() == states.tolist()


@given(RUNS)
def test_no_pair_is_wasted(runs: list[tuple[int, int]]) -> None:
    states = states_of(runs)
    changes = np.count_nonzero(states[1:] != states[:-1])
    assert len(coded(states)) <= 2 * (changes + 1 + len(states) // LONGEST)
