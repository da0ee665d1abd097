"""``evaluate_prompt``: the task is a chat prompt that a model answers. It is kept, so that a resume needs no task."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

from opik_resume.base.metadata import remembered
from opik_resume.base.records import Experiment, Json
from opik_resume.base.text import templates
from opik_resume.base.text.jsontext import NOT_JSON, as_read_back, to_json
from opik_resume.datasets import Dataset, DatasetVersion
from opik_resume.engine.retrying.policy import MAX_WAIT
from opik_resume.evaluation import arguments
from opik_resume.evaluation.evaluator import evaluate
from opik_resume.exceptions import ArgumentError
from opik_resume.experiment.limits import BREAKER
from opik_resume.experiment.results.evaluation_result import EvaluationResult
from opik_resume.integrations.chat_models import ChatModel, chat_model

if TYPE_CHECKING:
    from concurrent.futures import Executor

    from opik_resume.engine.cells.costs import Cost
    from opik_resume.evaluation.arguments import OnEvent, RetryOn
    from opik_resume.lifecycle.display.choosing import Display
    from opik_resume.metrics.base import Metric
    from opik_resume.stores.protocol import Store

    Functions = Sequence[Callable[..., Any]]

_KEPT = "prompt_task"  # under our own key of the experiment's metadata


class PromptTask:
    """A task: the messages with an item's values in them, and what the model answers. The output is Opik's."""

    __name__ = "_prompt_evaluation_task"  # as the SDK calls the span of it

    def __init__(self, messages: Any, model: Any) -> None:
        self.messages = _checked(messages)
        self._text = to_json(self.messages)  # by which it is told from another one, as an attribute that stays
        self._model = model

    @cached_property
    def model(self) -> ChatModel:
        """Who answers. Raises ArgumentError when nobody can."""
        return chat_model(self._model)

    def __getstate__(self) -> dict[str, Any]:
        """For a worker elsewhere, which finds the model again: a client stays where it was made."""
        return {name: value for name, value in self.__dict__.items() if name != "model"}

    def __call__(self, prompt_variables: Json) -> Json:
        messages = templates.filled(self.messages, prompt_variables)
        return {"input": messages, "output": self.model.answer(messages)}


def evaluate_prompt(
    dataset: Dataset | DatasetVersion,
    messages: list[Json],
    model: Any = None,
    scoring_metrics: Sequence[Metric] | None = None,
    scoring_functions: Functions | None = None,
    experiment_name_prefix: str | None = None,
    experiment_name: str | None = None,
    project_name: str | None = None,
    experiment_config: Json | None = None,
    verbose: int = 1,
    nb_samples: int | None = None,
    task_threads: int = 16,
    prompt: Any = None,
    dataset_item_ids: list[str] | None = None,
    dataset_sampler: Any = None,
    trial_count: int = 1,
    experiment_scoring_functions: Functions | None = None,
    experiment_tags: list[str] | None = None,
    dataset_filter_string: str | None = None,
    *,
    raise_on_failure: bool = False,
    max_runs: int | None = None,
    max_seconds: float | None = None,
    max_failures: int | None = None,
    max_consecutive_failures: int | None = None,
    max_cost: float | None = None,
    breaker: int | None = BREAKER,
    settle: bool = False,
    cost: Cost | None = None,
    capture: bool = True,
    retries: int = 0,
    timeout: float | None = None,
    retry_on: RetryOn = (),
    adaptive: bool = True,
    max_wait: float = MAX_WAIT,
    display: Display | None = "auto",
    on_event: OnEvent | None = None,
    executor: Executor | None = None,
    store: Store | None = None,
) -> EvaluationResult:
    """Evaluate a chat prompt on a dataset, as ``opik.evaluate_prompt`` does.

    It is resumed with ``evaluate_resume(experiment_id, None, scoring_metrics)``: prompt and model are kept with it.

    Args:
        dataset: as in ``evaluate``, and so are all arguments that are not named here.
        messages: dicts with ``role`` and ``content``, a text or a list of parts, with ``{{keys}}`` of the items in it. Parts
            of images, video and audio are sent as they are: whether the model can see them is for its provider to say.
        model: a model's name, as litellm has them (``gpt-4o-mini``, ``anthropic/claude-sonnet-4-5``); or an
            ``OpikBaseModel`` of the ``opik`` package, which a resume must be given again: ``prompt_task(messages, model)``.
            It is called by the ``opik`` package if the program uses it, else by litellm or openai if one is installed.
        scoring_metrics, scoring_functions: they get ``output``, the model's answer, and ``input``, the messages.
        experiment_config: ``prompt_template`` and ``model`` are added unless it has them.

    Raises:
        ArgumentError: an argument cannot be used, or nobody can call the model. Nothing was recorded or paid.
    """
    task = PromptTask(messages, model)
    config = arguments.json_dict("experiment_config", experiment_config)
    kept = {"messages": task.messages, "model": task.model.name if task.model.named else None}
    ours = {**remembered.ours(config), _KEPT: kept}
    described = {"prompt_template": task.messages, "model": task.model.name}
    return evaluate(
        dataset,
        task,
        scoring_metrics,
        scoring_functions,
        experiment_name_prefix=experiment_name_prefix,
        experiment_name=experiment_name,
        project_name=project_name,
        experiment_config={**described, **config, remembered.METADATA_KEY: ours},
        verbose=verbose,
        nb_samples=nb_samples,
        task_threads=task_threads,
        prompt=prompt,
        dataset_item_ids=dataset_item_ids,
        dataset_sampler=dataset_sampler,
        trial_count=trial_count,
        experiment_scoring_functions=experiment_scoring_functions,
        experiment_tags=experiment_tags,
        dataset_filter_string=dataset_filter_string,
        raise_on_failure=raise_on_failure,
        max_runs=max_runs,
        max_seconds=max_seconds,
        max_failures=max_failures,
        max_consecutive_failures=max_consecutive_failures,
        max_cost=max_cost,
        breaker=breaker,
        settle=settle,
        cost=cost,
        capture=capture,
        retries=retries,
        timeout=timeout,
        retry_on=retry_on,
        adaptive=adaptive,
        max_wait=max_wait,
        display=display,
        on_event=on_event,
        executor=executor,
        store=store,
    )


def prompt_task(messages: list[Json], model: Any) -> PromptTask:
    """The task that ``evaluate_prompt`` makes of messages and a model, for ``evaluate_resume`` and for ``evaluate``.

    Raises:
        ArgumentError: the messages cannot be used, or nobody can call the model.
    """
    task = PromptTask(messages, model)
    task.model  # noqa: B018 — now, not in the first run
    return task


def kept_task(experiment: Experiment) -> PromptTask | None:
    """The task of an ``evaluate_prompt``, as the experiment keeps it; None of another evaluation, or a model without a name."""
    kept = remembered.ours(experiment.metadata).get(_KEPT)
    if not isinstance(kept, dict) or not isinstance(kept.get("model"), str):
        return None
    return PromptTask(kept.get("messages"), kept["model"])


def task_again(experiment: Experiment) -> PromptTask:
    """The same, ready to be called. Raises ArgumentError when there is none, or nobody can call its model."""
    task = kept_task(experiment)
    if task is None:
        raise ArgumentError(
            f"task: experiment {experiment.name!r} does not keep one, as those of evaluate_prompt() with a model's name do: "
            "pass the function that evaluate() was given, or prompt_task(messages, model)."
        )
    task.model  # noqa: B018 — now, not in the first run
    return task


def _checked(messages: Any) -> list[Json]:
    if not isinstance(messages, list) or not all(isinstance(message, dict) for message in messages) or not messages:
        raise ArgumentError(
            f"messages must be a list of dicts such as {{'role': 'user', 'content': 'Say {{{{word}}}}'}}, got {messages!r:.200}"
        )
    try:
        kept: list[Json] = as_read_back(messages)
    except NOT_JSON as error:
        raise ArgumentError(f"messages cannot be stored as JSON: {error}") from error
    return kept
