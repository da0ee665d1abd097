"""An evaluation with prompts of the library, by the ``opik`` package and by us: ``python by_prompts.py theirs|ours``."""

from __future__ import annotations

import sys
from typing import Any

import opik
from opik.evaluation import evaluate as their_evaluate

import opik_resume


def task(item: dict[str, Any]) -> dict[str, Any]:
    return {"output": "x"}


def main(who: str) -> None:
    client = opik.Opik()
    prompts = [
        client.create_prompt(name="greet", prompt="Answer {{question}}"),
        client.create_chat_prompt(name="talk", messages=[{"role": "user", "content": "{{question}}"}]),
    ]
    client.get_or_create_dataset("questions").insert([{"question": "why"}])
    if who == "theirs":
        dataset = client.get_dataset("questions")
        their_evaluate(dataset, task, [], experiment_name=who, prompts=prompts, verbose=0)
    else:
        opik_resume.connect()
        questions = opik_resume.get_dataset("questions")
        opik_resume.evaluate(questions, task, experiment_name=who, prompts=prompts, verbose=0)


if __name__ == "__main__":
    main(*sys.argv[1:])
