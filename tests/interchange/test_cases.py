"""The cases cover what they are to cover."""

from __future__ import annotations

from itertools import combinations

from tests.interchange.cases import OURS, THEIRS, Case

OPTIONS = ("trials", "filter", "samples", "sampler", "ids")


def test_every_death_meets_every_option_and_every_two_options_meet() -> None:
    for cases in (THEIRS, OURS):
        six = {case.death for case in cases if cases.index(case) < 12}
        assert len(six) == 6
        assert {(c.death, o) for c in cases for o in c.options} >= {(death, o) for death in six for o in OPTIONS}
        assert {pair for c in cases for pair in combinations(c.options, 2)} == set(combinations(OPTIONS, 2))


def test_in_every_case_something_goes_well_and_something_does_not() -> None:
    cases: list[Case] = [*THEIRS, *OURS]
    assert all(case.bad and case.wanted - case.bad and case.returning > 0 for case in cases)
    assert all(case.returning + case.threads < case.wanted.total() for case in cases)
