"""Tab completion of ``%opik_resume``: experiments, options, and what may follow ``--task``, ``--metrics`` and ``--only``.

A matcher of IPython's second matcher API (8.6 and later): it answers for whole quoted names, and keeps jedi, which
takes the line for Python, out of it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING

from IPython.core.completer import SimpleCompletion, SimpleMatcherResult, context_matcher

from opik_resume.evaluation.resume import plan_of
from opik_resume.exceptions import OpikResumeError
from opik_resume.experiment.choosing import offered
from opik_resume.experiment.reading import find_experiment, read_experiment
from opik_resume.notebook.namespace import candidates
from opik_resume.notebook.namespace.lookup import user_namespace
from opik_resume.stores.connections import default_store

if TYPE_CHECKING:
    from IPython.core.completer import CompletionContext

VALUES = {  # with nothing to offer, IPython would offer all the names that there are
    "--breaker": ("off", "10", "50"),
    "--max-consecutive-failures": ("3", "10"),
    "--max-cost": ("1", "10", "100"),
    "--max-failures": ("1", "10", "100"),
    "--max-runs": ("1", "10", "100"),
    "--max-seconds": ("60", "600", "3600"),
    "--max-wait": ("60", "300", "3600"),
    "--retries": ("1", "3", "5"),
    "--threads": ("1", "4", "16", "64"),
    "--timeout": ("30", "60", "300"),
}
OPTIONS = tuple(
    sorted(
        (
            "--cost",
            "--metrics",
            "--no-adaptive",
            "--no-capture",
            "--only",
            "--reuse-outputs",
            "--settle",
            "--task",
            "--until-complete",
            *VALUES,
        )
    )
)
_LINE = re.compile(r"^(?:\s*[\w.,\s]+=)?\s*%{1,2}opik_resume\s(?P<rest>.*)$")
_WORD = re.compile(r""""[^"]*"?|'[^']*'?|[^\s"']+""")  # a quote that is still open takes the spaces with it
_NAMED = ("-t", "--task", "-m", "--metrics", "--cost")
_ONLY = "--only"
_STATES = ("failed", "never_run", "scores_missing", "interrupted", "task_failed", "scoring_failed")
_OPTION = re.compile(rf"""(?:^|\s)(?P<option>{"|".join((*_NAMED, *VALUES))})(?:\s+|=)["']?[^\s"']*$""")
_NAMES = 500


@context_matcher()  # type: ignore[untyped-decorator]  # IPython's decorators have no annotations
def opik_resume_matcher(context: CompletionContext) -> SimpleMatcherResult:
    """What may stand at the cursor in a line of ``%opik_resume``; nothing elsewhere."""
    line = _LINE.match(context.text_until_cursor)
    if line is None:
        return SimpleMatcherResult(completions=[], suppress=False)
    fragment, words = _completions(line["rest"])
    # An editor that closes quotes by itself has written the second one already.
    after = context.line_with_cursor[context.cursor_position :][:1]
    if after in ('"', "'"):
        words = [word.removesuffix(after) for word in words]
    found = [SimpleCompletion(text=word, type="param") for word in words]
    return SimpleMatcherResult(completions=found, matched_fragment=fragment, ordered=True, suppress=True)


def _completions(rest: str) -> tuple[str, list[str]]:
    """The fragment before the cursor, and what it may become."""
    words = [word for word in _WORD.finditer(rest) if word.end() == len(rest)]
    fragment = words[0][0] if words else ""
    if fragment.startswith(f"{_ONLY}="):
        fragment = fragment.removeprefix(f"{_ONLY}=")
    before = rest[: len(rest) - len(fragment)]
    if (_WORD.findall(before) or [""])[-1] in (_ONLY, f"{_ONLY}="):
        return fragment, _onlys(before, fragment)
    option = _OPTION.search(rest)
    if option is not None and option["option"] in VALUES:
        return fragment, _starting(fragment, VALUES[option["option"]])
    if option is not None:
        fragment = re.split(r"[=,\"']", fragment)[-1]
        return fragment, _starting(fragment, _callables(option["option"]))
    if fragment.startswith("-"):
        return fragment, _starting(
            fragment, [option for option in OPTIONS if option == _ONLY or option not in rest.split()]
        )
    if _experiment(before) is not None:
        return fragment, _starting(fragment, OPTIONS)
    return fragment, _experiments(fragment)


def _callables(option: str) -> list[str]:
    namespace = user_namespace()
    if option in ("-t", "--task"):
        return list(candidates.tasks(namespace))
    if option == "--cost":
        return list(candidates.functions(namespace))
    metrics = candidates.metrics(namespace)
    return list(dict.fromkeys([*metrics, *(metric.name for metric in metrics.values() if " " not in metric.name)]))


def _experiment(before: str) -> str | None:
    """The word that is neither an option nor an option's value, if one was written already."""
    words = _WORD.findall(before)
    free = [word for word, previous in zip(words, ["", *words], strict=False) if not _takes_value(previous)]
    return next((word for word in free if not word.startswith("-")), None)


def _takes_value(word: str) -> bool:
    return word in (*_NAMED, *VALUES, _ONLY, f"{_ONLY}=")


def _onlys(before: str, fragment: str) -> list[str]:
    """What the experiment lacks that was named, by its states, exceptions, failure groups and metrics."""
    name, (quote, typed) = _experiment(before), _opened(fragment)
    try:
        store = default_store()
        found = read_experiment(find_experiment(name.strip("'\""), store), store) if name else None
        words = offered(plan_of(found).columns) if found else {}
    except OpikResumeError:  # what it lacks cannot be told
        words = {}
    return [_quoted(word, quote) for word in _starting(typed, words or _STATES)]


def _experiments(fragment: str) -> list[str]:
    """Names, the newest first, in quotes where they need them; ids for who has begun to type one."""
    quote, typed = _opened(fragment)
    try:
        found, _ = default_store().find(limit=_NAMES)
    except OpikResumeError:  # a completion that cannot be made is none
        return []
    names = dict.fromkeys(experiment.name for experiment in found)
    ids = [experiment.id for experiment in found] if typed else []
    return [_quoted(name, quote) for name in _starting(typed, [*names, *ids])]


def _opened(fragment: str) -> tuple[str, str]:
    """The quote that it begins with, if it does, and the rest."""
    return (fragment[0], fragment[1:]) if fragment[:1] in ("'", '"') else ("", fragment)


def _quoted(name: str, quote: str) -> str:
    needs = quote or re.search(r"[\s\"']", name)
    mark = quote or ("'" if '"' in name else '"')
    return f"{mark}{name}{mark}" if needs else name


def _starting(start: str, words: Iterable[str]) -> list[str]:
    return [word for word in words if word.lower().startswith(start.lower())]
