"""``browse()``: the door to the widget."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from opik_resume.evaluation import arguments
from opik_resume.exceptions import OpikResumeError
from opik_resume.metrics.scoring import KeyMapping
from opik_resume.notebook.background.desk import desk
from opik_resume.notebook.namespace.choosing import Given
from opik_resume.notebook.namespace.lookup import checked_task
from opik_resume.notebook.namespace.noticing import notice_cells
from opik_resume.notebook.widget.control import ResumeBrowser
from opik_resume.notebook.widget.finishing.offers import Offers
from opik_resume.stores.connections import default_store
from opik_resume.stores.protocol import Store


def browse(
    task: Callable[..., Any] | None = None,
    scoring_metrics: Sequence[Any] | None = None,
    *,
    scoring_key_mapping: KeyMapping | None = None,
    task_threads: int | None = None,
    store: Store | None = None,
) -> ResumeBrowser:
    """Browse experiments, see which cells are missing and why, and resume them with a click.

    Args:
        task: what Resume calls, a function that takes an item and returns a dict. When the notebook has redefined a
            function of that name by the time of the click, the redefined one is called. Without it, Resume offers what
            ``evaluate`` used in this process.
        scoring_metrics: the metrics that score its outputs.
        scoring_key_mapping: argument name of a metric → key of item or output, as in ``evaluate``.
        task_threads: the number of workers; left out, as many as ``evaluate`` was given.
        store: where to look; the default store when left out.

    Raises:
        ArgumentError: the task cannot be called, or something is not a metric.
        FrontEndMissing: the widget's front end is not built; the message says how to build it.
    """
    arguments.positive("task_threads", task_threads, optional=True)
    given = Given(
        None if task is None else checked_task(task, getattr(task, "__name__", "task")),
        None if scoring_metrics is None else arguments.metrics(scoring_metrics),
        scoring_key_mapping,
        task_threads,
    )
    return browser(given, store)


def browser(given: Given, store: Store | None = None) -> ResumeBrowser:
    """A browser that shows at once what is being resumed in this process."""
    where = store or default_store()
    notice_cells()
    view = ResumeBrowser(where, Offers(given))
    _reattach(view)
    return view


def _reattach(view: ResumeBrowser) -> None:
    for experiment_id in desk.running():
        try:
            view.want(experiment_id)
        except OpikResumeError:  # it is in another store
            continue
        return
