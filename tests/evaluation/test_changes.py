"""A task or a metric that has changed since the kept runs were made: said once, shown as a diff, split by it."""

from __future__ import annotations

import functools
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from opik_resume import connect, evaluate, evaluate_experiment, evaluate_resume, exceptions, plan_resume
from opik_resume.evaluation.prompting import PromptTask, evaluate_prompt
from opik_resume.metrics import Contains, Equals
from opik_resume.stores import close_all
from opik_resume.stores.protocol import Store
from tests.builders import numbers
from tests.evaluation.test_prompting import OwnModel
from tests.opik_server import OpikServer

Task = Callable[[dict[str, Any]], dict[str, Any]]
ITEMS, BROKEN = 10, 4


def quiet(**options: Any) -> dict[str, Any]:
    return {"verbose": 0, "task_threads": 4, "breaker": None, **options}


def tasked(text: str) -> Task:
    """A task that answers with a text and fails on some items while that is ``small``."""

    def answer(item: dict[str, Any]) -> dict[str, Any]:
        if text == "small" and item["n"] < BROKEN:
            raise ValueError("broken")
        return {"output": text}

    return answer


class Judge:
    """A metric with a setting."""

    def __init__(self, limit: int) -> None:
        self.name, self.limit = "judge", limit

    def score(self, output: str, **_: Any) -> Any:
        from opik_resume.metrics.score_result import ScoreResult

        return ScoreResult("judge", float(len(output) > self.limit))


def first(store: Store, task: Task | None = None, metrics: list[Any] | None = None) -> str:
    data = numbers(store, ITEMS)
    result = evaluate(data, task or tasked("small"), metrics or [Equals()], experiment_name="e", **quiet())
    return result.experiment_id


def said(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [message for message in caplog.messages if "has changed" in message]


HEAD = "answer has changed since 6 of 10 runs were made (text)"


def test_it_is_said_once_before_anything_runs(store: Store, caplog: pytest.LogCaptureFixture) -> None:
    first(store)
    changed, heard = tasked("large"), []

    @functools.wraps(changed)
    def listening(item: dict[str, Any]) -> dict[str, Any]:
        heard.append(len(said(caplog)))
        return changed(item)

    evaluate_resume("e", listening, [Equals()], **quiet())
    assert heard == [1] * BROKEN
    assert len(said(caplog)) == 1
    assert "answer has changed since 6 of 10 runs were made (" in said(caplog)[0]
    assert "text" in said(caplog)[0]
    assert "see plan_resume(…, task=answer).drift" in said(caplog)[0]


def test_nothing_is_said_of_the_same(store: Store, caplog: pytest.LogCaptureFixture) -> None:
    first(store, metrics=[Judge(3)])
    plan = plan_resume("e", [Judge(3)], task=tasked("small"))
    assert (plan.warning, bool(plan.drift), str(plan.drift)) == (None, False, "")
    assert repr(plan.drift) == "<Drift: nothing has changed>"
    result = evaluate_resume("e", tasked("small"), [Judge(3)], **quiet())
    assert said(caplog) == []
    assert len(result.group_by_version_view()) == 1
    assert "version" not in result.to_pandas().columns


def test_a_plan_shows_it_as_text_and_as_html(store: Store) -> None:
    first(store, metrics=[Judge(3)])
    plan = plan_resume("e", [Judge(5)], task=tasked("<b>large</b>"))
    heads = f"{HEAD}; judge has changed since 6 of 10 runs were scored (limit)"
    assert plan.warning is not None
    assert plan.warning.startswith(heads)
    assert heads in repr(plan)
    assert str(plan.drift).splitlines() == [
        HEAD,
        "--- text in answer, as it was",
        "+++ text in answer, now",
        "@@ -1 +1 @@",
        "-'small'",
        "+'<b>large</b>'",
        "",
        "judge has changed since 6 of 10 runs were scored (limit)",
        "--- limit of Judge, as it was",
        "+++ limit of Judge, now",
        "@@ -1 +1 @@",
        "-3",
        "+5",
    ]
    page = plan.drift._repr_html_()
    assert "&lt;b&gt;large&lt;/b&gt;" in page
    assert "<b>large" not in page
    assert "color:" not in page.replace("background", ""), "texts keep the colour of the theme"
    assert [(change.kind, change.name, change.runs) for change in plan.drift.changes] == [
        ("task", "answer", 6),
        ("metric", "judge", 6),
    ]


def test_without_a_word_about_it_nothing_is_compared(store: Store) -> None:
    first(store)
    assert not plan_resume("e").drift
    assert not plan_resume("e", [Equals()]).drift


def test_error_raises_before_anything_runs(store: Store) -> None:
    first(store)
    called: list[Any] = []
    task = tasked("large")

    def answer(item: dict[str, Any]) -> dict[str, Any]:
        called.append(item)
        return task(item)

    with pytest.raises(exceptions.ArgumentError, match=r"answer has changed since 6 of 10 .* on_drift='ignore'"):
        evaluate_resume("e", answer, [Equals()], on_drift="error", **quiet())
    assert not called
    assert plan_resume("e").runs == BROKEN
    assert evaluate_resume("e", tasked("small"), [Equals()], on_drift="error", **quiet()).expected == ITEMS


def test_ignore_is_silent(store: Store, caplog: pytest.LogCaptureFixture) -> None:
    first(store)
    plan = plan_resume("e", [Equals()], task=tasked("large"), on_drift="ignore")
    assert plan.warning is None
    assert plan.drift, "it can be seen all the same"
    assert evaluate_resume("e", tasked("large"), [Equals()], on_drift="ignore", **quiet()).complete
    assert said(caplog) == []


def test_nothing_is_said_when_no_task_is_called(store: Store, caplog: pytest.LogCaptureFixture) -> None:
    first(store, tasked("large"))
    plan = plan_resume("e", [Equals()], task=tasked("larger"))
    assert (len(plan), plan.warning, bool(plan.drift)) == (0, None, True)
    evaluate_resume("e", tasked("larger"), [Equals()], **quiet())
    assert said(caplog) == []


def test_who_repairs_scores_repairs_metrics(store: Store, caplog: pytest.LogCaptureFixture) -> None:
    class Broken(Judge):
        def score(self, output: str, **_: Any) -> Any:
            raise ValueError("broken")

    first(store, tasked("large"), [Broken(3)])
    plan = plan_resume("e", [Judge(3)], task=tasked("large"))
    assert (plan.scores, plan.warning) == (ITEMS, None)
    result = evaluate_resume("e", tasked("large"), [Judge(3)], **quiet())
    assert result.failures.empty
    assert said(caplog) == []


def test_results_are_split_by_what_made_them(store: Store) -> None:
    first(store)
    result = evaluate_resume("e", tasked("large"), [Contains(name="equals_metric")], **quiet())
    frame = result.to_pandas()
    assert sorted(frame.version.value_counts()) == [BROKEN, ITEMS - BROKEN]
    views = result.group_by_version_view()
    outputs = {v: {r.test_case.task_output["output"] for r in view.test_results} for v, view in views.items()}
    assert sorted(map(sorted, outputs.values())) == [["large"], ["small"]]
    assert all("equals_metric" in view.aggregated_scores for view in views.values())
    assert sum(len(view.test_results) for view in views.values()) == ITEMS


def test_a_third_version_is_compared_with_each(store: Store) -> None:
    first(store)
    evaluate_resume("e", tasked("large"), [Equals()], max_runs=2, **quiet(task_threads=1))
    (change,) = plan_resume("e", [Equals()], task=tasked("huge")).drift.changes
    assert change.runs == 8
    assert "-'small'" in change.diff
    assert "-'large'" in change.diff
    (again,) = plan_resume("e", [Equals()], task=tasked("small")).drift.changes
    assert (again.runs, "-'large'" in again.diff) == (2, True)


def test_kept_outputs_that_are_scored_anew_keep_the_task_that_made_them(store: Store) -> None:
    class Raising(Judge):
        def score(self, nothing: str, **_: Any) -> Any:  # type: ignore[override]
            raise AssertionError

    first(store, tasked("large"), [Raising(3)])
    result = evaluate_resume("e", tasked("larger"), [Judge(3)], reuse_outputs=True, on_drift="ignore", **quiet())
    assert result.complete
    assert not plan_resume("e", [Judge(3)], task=tasked("large")).drift
    (change,) = plan_resume("e", [Judge(3)], task=tasked("larger")).drift.changes
    assert (change.kind, change.runs) == ("task", ITEMS)


def test_scoring_by_new_metrics_is_no_version(store: Store) -> None:
    first(store, tasked("large"))
    before = {row.version for row in evaluate_resume("e", tasked("large"), [Equals()], **quiet()).test_results}
    evaluate_experiment("e", [Judge(3)], verbose=0)
    after = {row.version for row in evaluate_resume("e", tasked("large"), [Equals()], **quiet()).test_results}
    assert before == after
    assert len(before) == 1


def test_no_key_is_written_down(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    secret, other = "sk-" + "a1B2" * 8, "abcdefghijkl-of-the-server"
    monkeypatch.setenv("SOME_API_KEY", other)
    space: dict[str, Any] = {"__name__": "theirs"}
    source = f"API_KEY = {secret!r}\nHEADERS = {{'x': {other!r}}}\nLIMIT = 3\n"
    exec(source + "def answer(item):\n    return {'output': str(LIMIT), 'n': len(API_KEY) + len(HEADERS)}", space)

    def inline(item: dict[str, Any]) -> dict[str, Any]:
        given = {"api_key": "swordfish-9"}
        return {"output": "x", "k": len("sk-live-0123456789abcdef0123"), "d": len(given)}

    first(store, space["answer"])
    evaluate(numbers(store, 1, "others"), inline, [Equals()], experiment_name="f", **quiet())
    path = store.path
    close_all()
    there = b"".join(each.read_bytes() for each in path.parent.glob(f"{path.name}*"))
    assert b"LIMIT in answer" in there
    assert b"source of inline" in there
    for key in (secret, other, "sk-live-0123456789abcdef0123", "swordfish-9"):
        assert key.encode() not in there, key


def test_deleting_an_experiment_forgets_what_made_it(store: Store) -> None:
    experiment_id = first(store)
    assert len(store.callables(experiment_id)) == 1
    store.delete(experiment_id)
    assert store.callables(experiment_id) == {}


def test_what_one_experiment_keeps_is_bounded(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    from opik_resume.stores.file import callables

    experiment_id = first(store)
    monkeypatch.setattr(callables, "MOST_TEXT", 20_000)
    for number in range(30):
        store.keep_callables(experiment_id, f"v{number}", {"task": None, "metrics": {}, "text": "x" * 1_900})
    store.keep_callables("another", "v0", {"task": None, "metrics": {}})
    store.record([])  # what was queued before it is there
    assert list(store.callables(experiment_id)) == [f"v{number}" for number in range(20, 30)]
    assert list(store.callables("another")) == ["v0"]


def test_what_is_gone_from_the_file_is_still_told_to_be_another(store: Store) -> None:
    first(store)
    path = store.path
    close_all()
    with closing(sqlite3.connect(path)) as db, db:
        db.execute("DELETE FROM callables")
    again = connect(path)
    plan = plan_resume("e", [Equals()], task=tasked("large"), store=again)
    assert plan.warning == "answer has changed since 6 of 10 runs were made"
    assert "not kept on this machine" in str(plan.drift)
    assert not plan_resume("e", [Equals()], task=tasked("small"), store=again).drift


def test_runs_of_an_earlier_release_are_no_change(store: Store) -> None:
    first(store)
    path = store.path
    close_all()
    with closing(sqlite3.connect(path)) as db, db:
        db.execute("UPDATE attempts SET version = NULL")
        db.execute("DELETE FROM callables")
    assert not plan_resume("e", [Equals()], task=tasked("large"), store=connect(path)).drift


def test_what_was_read_in_another_way_is_not_compared(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """By a release that looked at less of a task, or at more; its sources are still there."""
    with monkeypatch.context() as earlier:
        earlier.setattr(sys.modules["opik_resume.experiment.fingerprints.fingerprint"], "SCHEME", "0")
        first(store, metrics=[Judge(1)])
    assert not plan_resume("e", [Judge(2)], task=tasked("large")).drift


@pytest.mark.parametrize("there", [True, False])
def test_a_source_that_can_no_longer_be_read_is_no_change(store: Store, there: bool) -> None:
    """As of a cell that is gone, or typed at a prompt; with or without what this machine has kept."""
    path = store.path.parent / "theirs.py"
    text = "def answer(item):\n    if item['n'] < 4:\n        raise ValueError\n    return {'output': 'x'}\n"
    path.write_text(text)
    read: dict[str, Any] = {"__name__": "theirs"}
    exec(compile(text, str(path), "exec"), read)
    first(store, read["answer"])
    unread: dict[str, Any] = {"__name__": "theirs"}
    exec(compile(text, "<typed>", "exec"), unread)
    if not there:
        close_all()
        with closing(sqlite3.connect(store.path)) as db, db:
            db.execute("DELETE FROM callables")
        connect(store.path)
    assert not plan_resume("e", [Equals()], task=unread["answer"]).drift


PROGRAM = """
import sys
from opik_resume import connect, evaluate, get_or_create_dataset, plan_resume
from opik_resume.metrics import Equals
path, model, first = sys.argv[1:]
connect(path)
MODEL = model

def answer(item):
    if first == "first" and item["n"] < 4:
        raise KeyboardInterrupt
    return {"output": MODEL}

if first == "first":
    data = get_or_create_dataset("d")
    data.insert([{"n": n, "reference": "x"} for n in range(10)])
    evaluate(data, answer, [Equals()], experiment_name="e", verbose=0, breaker=None)
else:
    print(plan_resume("e", [Equals()], task=answer).drift)
"""


def test_another_process_sees_what_has_changed_and_nothing_else(tmp_path: Path) -> None:
    program = tmp_path / "program.py"
    program.write_text(PROGRAM)

    def run(*arguments: str) -> str:
        done = subprocess.run(
            [sys.executable, str(program), str(tmp_path / "a.sqlite3"), *arguments], check=True, capture_output=True
        )
        return done.stdout.decode().strip()

    run("small", "first")
    assert run("small", "second") == "answer has changed since 6 of 10 runs were made (first)" + FIRST
    changed = run("large", "second")
    assert changed.splitlines()[0] == "answer has changed since 6 of 10 runs were made (first, MODEL)"
    assert "-'small'" in changed


FIRST = """
--- first in answer, as it was
+++ first in answer, now
@@ -1 +1 @@
-'first'
+'second'"""


def test_on_a_server_marks_travel_and_sources_stay(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with OpikServer() as server:
        here = connect(server.url)
        first(here, metrics=[Judge(3)])
        drift = plan_resume("e", [Judge(4)], task=tasked("large")).drift
        assert [change.name for change in drift.changes] == ["answer", "judge"]
        assert "-'small'" in str(drift)
        assert here.flush(10)
        close_all()
        monkeypatch.setenv("OPIK_RESUME_DB", str(tmp_path / "elsewhere.sqlite3"))
        elsewhere = connect(server.url)
        assert elsewhere.path != here.path
        assert not plan_resume("e", [Judge(3)], task=tasked("small")).drift
        told = plan_resume("e", [Judge(4)], task=tasked("large")).drift
        assert [(change.name, change.runs, change.diff) for change in told.changes] == [
            ("answer", 6, ""),
            ("judge", 6, ""),
        ]
        result = evaluate_resume("e", tasked("large"), [Judge(3)], **quiet())
        assert sorted(result.to_pandas().version.value_counts()) == [BROKEN, ITEMS - BROKEN]
        bodies = repr([request.body for request in server.asked("POST") + server.asked("PATCH")])
        assert "if text ==" not in bodies
        assert "limit of Judge" not in bodies
        assert server.problems == []
        close_all()


def test_a_prompt_that_is_kept_is_the_same(store: Store) -> None:
    messages = [{"role": "user", "content": "Say {{n}}"}]
    result = evaluate_prompt(numbers(store, 2), messages, OwnModel(), [Equals()], experiment_name="p", verbose=0)
    assert result.complete
    again = PromptTask([dict(message) for message in messages], OwnModel())
    assert not plan_resume("p", [Equals()], task=again).drift
    other = PromptTask([{"role": "user", "content": "Shout {{n}}"}], OwnModel())
    assert plan_resume("p", [Equals()], task=other).drift
