"""``%opik_resume … --until-complete``: the same rounds as of ``evaluate_resume``, through the desk."""

from __future__ import annotations

from collections import Counter

import pytest

from opik_resume import evaluate
from opik_resume.base.records import Json
from opik_resume.experiment.limits import Limits
from opik_resume.experiment.reading import find_experiment
from opik_resume.lifecycle.rounds import rule
from opik_resume.metrics import Equals
from opik_resume.notebook.background.desk import desk
from opik_resume.notebook.magics.resuming import resume
from opik_resume.notebook.namespace.choosing import Given
from opik_resume.stores.protocol import Store
from tests.builders import numbers


class RateLimitError(Exception):
    """As providers call it."""


def test_the_magic_goes_on_in_rounds_whose_rules_count_together(
    store: Store, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(rule, "FIRST_SECONDS", 0.01)
    calls: Counter[int] = Counter()

    def task(item: Json) -> Json:
        calls[item["n"]] += 1
        if calls[item["n"]] <= 3:
            raise RateLimitError
        return {"output": str(item["n"])}

    made = evaluate(numbers(store, 4), task, [Equals()], experiment_name="e", verbose=0, adaptive=False, store=store)
    asked = {
        "until_complete": True,
        "retrying": {"adaptive": False, "patient": True},
        "reuse_outputs": False,
        "settle": False,
    }
    limited = resume(
        find_experiment("e", store),
        Given(task, [Equals()], task_threads=1),
        Limits(max_runs=6),
        store,
        **asked,  # type: ignore[arg-type]
    )
    assert limited.stopped_by is not None
    assert (limited.stopped_by.rule, calls.total()) == ("max_runs", 10)
    assert "for 4 runs that were rate-limited (round 2)" in capfd.readouterr().err
    given = Given(task, [Equals()])
    result = resume(find_experiment("e", store), given, Limits(), store, **asked)  # type: ignore[arg-type]
    assert result.complete
    assert calls == dict.fromkeys(range(4), 4)
    assert desk.active(made.experiment_id) is None
