"""``evaluate_prompt``: a chat prompt is the task, a model answers it, and a resume needs neither given again."""

from __future__ import annotations

import sys
import threading
from collections import Counter
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opik_resume import (
    create_dataset,
    evaluate,
    evaluate_prompt,
    evaluate_resume,
    exceptions,
    experiments,
    plan_resume,
    prompt_task,
)
from opik_resume.base.text.templates import filled
from opik_resume.datasets import Dataset
from opik_resume.metrics import Equals
from opik_resume.stores.protocol import Store

MESSAGES = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Say {{word}}"}]
MODEL = "gpt-4o-mini"


def answer(text: str) -> SimpleNamespace:
    return SimpleNamespace(choices=[SimpleNamespace(message=SimpleNamespace(content=text))])


class Provider:
    """What stands for litellm or openai: it says what it was told to say, and counts; ``broken`` words raise."""

    class BadRequestError(Exception):
        pass

    def __init__(self) -> None:
        self.exceptions = self
        self.asked: Counter[str] = Counter()
        self.models: set[str] = set()
        self.broken: set[str] = set()
        self._lock = threading.Lock()

    def get_llm_provider(self, model: str) -> None:
        if model == "nobody":
            raise self.BadRequestError

    def completion(self, model: str, messages: list[dict[str, str]], **options: Any) -> SimpleNamespace:
        word = messages[-1]["content"].removeprefix("Say ")
        with self._lock:
            self.asked[word] += 1
            self.models.add(model)
        if word in self.broken:
            raise ConnectionError(f"no answer for {word}")
        return answer(word)


@pytest.fixture
def litellm(monkeypatch: pytest.MonkeyPatch) -> Provider:
    """In place of the real one; and the opik package is not in use."""
    provider = Provider()
    monkeypatch.delitem(sys.modules, "opik", raising=False)
    monkeypatch.setitem(sys.modules, "litellm", provider)
    monkeypatch.setattr("opik_resume.integrations.chat_models.TRIES", 1)
    return provider


def words(store: Store, count: int = 4) -> Dataset:
    dataset = create_dataset("words", store=store)
    dataset.insert({"word": f"w{n}", "reference": f"w{n}"} for n in range(count))
    return dataset


def test_each_item_is_asked_and_the_output_has_opiks_keys(litellm: Provider, store: Store) -> None:
    result = evaluate_prompt(words(store), MESSAGES, MODEL, [Equals()], trial_count=2, verbose=0)
    assert litellm.asked == {f"w{n}": 2 for n in range(4)}
    assert litellm.models == {MODEL}
    first = result.test_results[0].test_case
    assert first.task_output == {
        "input": [MESSAGES[0], {"role": "user", "content": f"Say {first.dataset_item_content['word']}"}],
        "output": first.dataset_item_content["word"],
    }
    assert result.aggregate_evaluation_scores().aggregated_scores["equals_metric"].mean == 1
    config = store.get(result.experiment_id).metadata
    assert (config["prompt_template"], config["model"]) == (MESSAGES, MODEL)


def test_the_users_own_config_wins_and_is_left_alone(litellm: Provider, store: Store) -> None:
    own = {"model": "mine", "prompt_template": "as I call it", "a": 1}
    result = evaluate_prompt(words(store), MESSAGES, MODEL, experiment_config=own, verbose=0)
    assert own == {"model": "mine", "prompt_template": "as I call it", "a": 1}
    assert own.items() <= store.get(result.experiment_id).metadata.items()
    assert litellm.models == {MODEL}


def test_a_resume_needs_neither_prompt_nor_model(litellm: Provider, store: Store) -> None:
    litellm.broken = {"w1", "w2"}
    first = evaluate_prompt(words(store), MESSAGES, MODEL, [Equals()], experiment_config={"model": "x"}, verbose=0)
    assert len(plan_resume(first.experiment_id)) == 2
    litellm.broken = set()
    litellm.asked.clear()
    result = evaluate_resume(first.experiment_id, None, [Equals()], verbose=0)
    assert result.complete
    assert litellm.asked == {"w1": 1, "w2": 1}
    assert litellm.models == {MODEL}


def test_a_resume_may_be_given_another_model(litellm: Provider, store: Store) -> None:
    litellm.broken = {"w1"}
    first = evaluate_prompt(words(store), MESSAGES, MODEL, verbose=0)
    litellm.broken = set()
    assert evaluate_resume(first.experiment_id, prompt_task(MESSAGES, "other"), verbose=0).complete
    assert litellm.models == {MODEL, "other"}


def test_without_a_task_only_a_kept_prompt_is_resumed(store: Store) -> None:
    first = evaluate(words(store), lambda item: 1 / 0, verbose=0)
    with pytest.raises(exceptions.ArgumentError, match=r"task: .* prompt_task\(messages, model\)"):
        evaluate_resume(first.experiment_id, None, verbose=0)


class OwnModel:
    """As an ``OpikBaseModel`` of the opik package."""

    model_name = "own"

    def __init__(self, *broken: str) -> None:
        self.broken = broken

    def generate_provider_response(self, messages: list[dict[str, str]]) -> SimpleNamespace:
        if messages[-1]["content"] in self.broken:
            raise ConnectionError
        return answer("w0")


def test_a_model_object_is_called_and_must_be_given_again(store: Store) -> None:
    first = evaluate_prompt(words(store, 2), MESSAGES, OwnModel("Say w1"), [Equals()], verbose=0)
    assert store.get(first.experiment_id).metadata["model"] == "own"
    with pytest.raises(exceptions.ArgumentError, match="prompt_task"):
        evaluate_resume(first.experiment_id, None, verbose=0)
    again = prompt_task(MESSAGES, OwnModel())
    assert evaluate_resume(first.experiment_id, again, [Equals()], verbose=0).complete


@pytest.mark.parametrize("model", [None, "", 3, object()])
def test_no_model_is_refused_before_anything_is_recorded(model: Any, store: Store) -> None:
    with pytest.raises(exceptions.ArgumentError, match="model must be a model's name"):
        evaluate_prompt(words(store), MESSAGES, model, verbose=0)
    assert experiments().empty


@pytest.mark.parametrize("messages", [None, [], "Say {{word}}", ["Say"], {"role": "user"}, [{"role": object()}]])
def test_no_messages_are_refused_before_anything_is_recorded(messages: Any, store: Store) -> None:
    with pytest.raises(exceptions.ArgumentError, match="messages"):
        evaluate_prompt(words(store), messages, MODEL, verbose=0)
    assert experiments().empty


def test_without_anything_to_call_it_with_one_sentence_says_so(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "opik", raising=False)
    for module in ("litellm", "openai"):
        monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(exceptions.ArgumentError, match=r"neither litellm nor.*pip install litellm"):
        evaluate_prompt(words(store), MESSAGES, MODEL, verbose=0)
    assert experiments().empty


def test_an_unknown_provider_is_refused_before_anything_is_recorded(litellm: Provider, store: Store) -> None:
    with pytest.raises(exceptions.ArgumentError, match="no provider of 'nobody'"):
        evaluate_prompt(words(store), MESSAGES, "nobody", verbose=0)
    assert experiments().empty


def test_a_busy_provider_is_asked_again(litellm: Provider, store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("opik_resume.integrations.chat_models.TRIES", 3)
    monkeypatch.setattr("time.sleep", lambda seconds: litellm.broken.clear())
    litellm.broken = {"w0"}
    assert evaluate_prompt(words(store, 1), MESSAGES, MODEL, verbose=0).complete
    assert litellm.asked == {"w0": 2}


class OpenAI(Provider):
    """The openai package: only as much of it as is used."""

    OpenAIError = ValueError
    key = True

    def OpenAI(self, **options: Any) -> SimpleNamespace:  # noqa: N802
        if not self.key:
            raise self.OpenAIError("The api_key client option must be set.")
        return SimpleNamespace(chat=SimpleNamespace(completions=SimpleNamespace(create=self.completion)))


def test_openai_is_used_where_litellm_is_not(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    openai = OpenAI()
    monkeypatch.delitem(sys.modules, "opik", raising=False)
    monkeypatch.setitem(sys.modules, "litellm", None)
    monkeypatch.setitem(sys.modules, "openai", openai)
    assert evaluate_prompt(words(store, 1), MESSAGES, "openai/gpt-5", verbose=0).complete
    assert openai.models == {"gpt-5"}
    with pytest.raises(exceptions.ArgumentError, match="pip install litellm"):
        prompt_task(MESSAGES, "anthropic/claude")
    openai.key = False
    with pytest.raises(exceptions.ArgumentError, match="api_key"):
        prompt_task(MESSAGES, "gpt-5")


values = st.dictionaries(
    st.sampled_from(["a", "b", " c ", "type"]), st.none() | st.integers() | st.text("{}abx ", max_size=9)
)
texts = st.lists(
    st.sampled_from(
        ["{{a}}", "{{ b }}", "{{c}}", "{{", "}}", "{", "x", "{{nobody}}", "{{{a}}}", "{% if a %}y{% endif %}"]
    )
).map("".join)
parts = st.one_of(
    st.builds(lambda text: {"type": "text", "text": text}, texts),
    st.builds(lambda text: {"type": "image_url", "image_url": {"url": text, "detail": "low"}}, texts),
    st.just({"type": "unknown"}),
    st.just("no part"),
)


@given(
    st.lists(
        st.builds(lambda r, c: {"role": r, "content": c}, st.sampled_from(["user", None]), texts | st.lists(parts))
    ),
    values,
)
def test_placeholders_are_filled_as_opik_fills_them(
    messages: list[dict[str, Any]], given_values: dict[str, Any]
) -> None:
    from opik.api_objects.prompt.chat.chat_prompt_template import ChatPromptTemplate

    for variables in (given_values, {**given_values, "type": "jinja2"}):
        theirs = ChatPromptTemplate(messages).format(
            variables, {"vision": True, "video": True}, template_type=variables.get("type")
        )
        assert filled(messages, variables) == theirs
