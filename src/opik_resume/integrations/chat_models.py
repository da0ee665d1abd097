"""Whoever calls a chat model: the ``opik`` package's wrapper where the program uses it, else litellm, else openai."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from opik_resume.base.records import Json
from opik_resume.exceptions import ArgumentError

TRIES = 3  # as in Opik: a provider that is busy for a moment does not cost the run
SECONDS = 60.0

Complete = Callable[[list[Json]], Any]
"""Sends chat messages and returns the provider's answer, in OpenAI's shape."""


@dataclass(frozen=True)
class ChatModel:
    """A model that is ready to be called. ``named``: its name is all it takes to get it again."""

    name: str
    complete: Complete
    named: bool

    def answer(self, messages: list[Json]) -> Any:
        """What it says: the content of its first choice."""
        return self.complete(messages).choices[0].message.content


def chat_model(model: Any) -> ChatModel:
    """The model of that name, or around an ``OpikBaseModel`` of the ``opik`` package. Nothing is sent yet.

    Raises:
        ArgumentError: it is neither, its provider is not known, or nothing that is installed can call it.
    """
    if isinstance(model, str) and model.strip():
        return ChatModel(model, _complete(model), named=True)
    if callable(getattr(model, "generate_provider_response", None)):
        return ChatModel(
            str(getattr(model, "model_name", type(model).__name__)), model.generate_provider_response, named=False
        )
    raise ArgumentError(
        f"model must be a model's name, such as 'gpt-4o-mini', or an OpikBaseModel of the opik package, got {model!r:.200}"
    )


def _complete(name: str) -> Complete:
    if "opik" in sys.modules:  # its calls are traced, with tokens and cost
        return _with_opik(name)
    if _installed("litellm"):
        return _with_litellm(name)
    if _installed("openai") and ("/" not in name or name.startswith("openai/")):
        return _with_openai(name)
    raise ArgumentError(
        f"model: {name!r} cannot be called, because neither litellm nor, for models of OpenAI, openai is installed: "
        "pip install litellm. Or pass evaluate() a task that calls the model itself. Nothing was run."
    )


def _installed(module: str) -> bool:
    if module in sys.modules:
        return sys.modules[module] is not None
    return importlib.util.find_spec(module) is not None


def _with_opik(name: str) -> Complete:
    from opik.evaluation.models import models_factory

    try:
        return models_factory.get(model_name=name).generate_provider_response
    except ValueError as error:
        raise ArgumentError(f"model: {error}. Nothing was run.") from error


def _with_litellm(name: str) -> Complete:
    import litellm

    try:
        litellm.get_llm_provider(name)
    except litellm.exceptions.BadRequestError as error:
        raise ArgumentError(
            f"model: litellm knows no provider of {name!r}: name it as in 'openai/gpt-4o-mini'. Nothing was run."
        ) from error
    return partial(_patiently, litellm, name)


def _patiently(litellm: Any, name: str, messages: list[Json]) -> Any:
    import tenacity

    tries = tenacity.Retrying(
        reraise=True,
        stop=tenacity.stop_after_attempt(TRIES),
        wait=tenacity.wait_exponential(multiplier=0.5, min=0.5, max=8.0),
    )
    return tries(litellm.completion, model=name, messages=messages, timeout=SECONDS, num_retries=0)


def _with_openai(name: str) -> Complete:
    import openai

    try:
        client = openai.OpenAI(timeout=SECONDS, max_retries=TRIES - 1)
    except openai.OpenAIError as error:  # no key
        raise ArgumentError(f"model: {name!r} cannot be called: {error} Nothing was run.") from error
    create: Any = client.chat.completions.create  # messages are the user's own
    return lambda messages: create(model=name.removeprefix("openai/"), messages=messages)
