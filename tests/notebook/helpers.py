"""A recording comm instead of a kernel, and what a browser makes of its messages."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from opik_resume import evaluate
from opik_resume.experiment.reading import Reading, read_experiment
from opik_resume.metrics import Equals
from opik_resume.notebook.widget.control import ResumeBrowser
from opik_resume.stores.protocol import Store
from tests.builders import CountingTask, numbers

TIMEOUT = 10.0


@dataclass
class Sent:
    """One custom message: its content and its buffers."""

    content: dict[str, Any]
    buffers: list[bytes]


class RecordingComm:
    """Keeps what a widget sends, and hands it what the browser would send."""

    kernel = "there is one"

    def __init__(self, **opened: Any) -> None:
        self.comm_id = uuid.uuid4().hex
        self.opened = opened
        self.messages: list[Sent] = []
        self.updates: list[dict[str, Any]] = []
        self.closed = False
        self._new = threading.Condition()
        self._receive: Callable[[dict[str, Any]], None] = lambda message: None

    def on_msg(self, callback: Callable[[dict[str, Any]], None]) -> None:
        self._receive = callback

    def send(self, data: dict[str, Any], metadata: object = None, buffers: Sequence[bytes] | None = None) -> None:
        with self._new:
            if data["method"] == "custom":
                self.messages.append(Sent(data["content"], list(buffers or [])))
            else:
                self.updates.append(data)
            self._new.notify_all()

    def close(self) -> None:
        self.closed = True

    def deliver(self, content: Any) -> None:
        data = {"method": "custom", "content": content}
        self._receive({"content": {"data": data}, "buffers": []})

    def deliver_state(self, **state: Any) -> None:
        self._receive({"content": {"data": {"method": "update", "state": state}}, "buffers": []})

    def until(self, condition: Callable[[list[Sent]], Any], timeout: float = TIMEOUT) -> list[Sent]:
        """Wait until the messages so far meet the condition; returns them."""
        with self._new:
            assert self._new.wait_for(lambda: condition(self.messages), timeout), [m.content for m in self.messages]
            return list(self.messages)


def decoded(code: bytes) -> np.ndarray:
    """The state bytes of a run-length code, as ``docs/protocol.md`` has it."""
    pairs = np.frombuffer(code, dtype=np.uint8).reshape(-1, 2)
    return np.repeat(pairs[:, 0], pairs[:, 1].astype(int) + 1)


@dataclass
class Screen:
    """What a browser makes of the feed's messages."""

    head: dict[str, Any] = field(default_factory=dict)
    states: np.ndarray = field(default_factory=lambda: np.zeros(0, dtype=np.uint8))
    progress: dict[str, Any] = field(default_factory=dict)
    seq: int = 0
    changed: int = 0

    def take(self, message: Sent) -> None:
        content = message.content
        assert content["seq"] == self.seq + 1, "a gap, or out of order"
        self.seq = content["seq"]
        match content["kind"]:
            case "key":
                self.head, self.progress = content["head"], content["progress"]
                sent = message.buffers[0]
                self.states = (
                    decoded(sent) if content["coding"] == "runs" else np.frombuffer(sent, dtype=np.uint8).copy()
                )
                assert len(self.states) == self.head["cells"]
            case "patch":
                assert content["experiment"] == self.head["id"]
                self.progress = content["progress"]
                cells = np.frombuffer(message.buffers[0], dtype="<u4")
                self.states[cells] = np.frombuffer(message.buffers[1], dtype=np.uint8)
            case "changed":
                self.changed += 1

    @classmethod
    def of(cls, messages: Sequence[Sent]) -> Screen:
        screen = cls()
        for message in messages:
            screen.take(message)
        return screen


class Gate:
    """A task that says when it was called, and returns when it is let go."""

    def __init__(self) -> None:
        self.called = threading.Semaphore(0)
        self.open = threading.Event()

    def __call__(self, item: dict[str, Any]) -> dict[str, Any]:
        self.called.release()
        assert self.open.wait(TIMEOUT)
        return {"output": item["reference"]}

    def wait_for_calls(self, calls: int) -> None:
        for _ in range(calls):
            assert self.called.acquire(timeout=TIMEOUT)


def evaluated(
    store: Store, name: str = "first", items: int = 8, broken: Sequence[int] = (1, 3), trials: int = 1
) -> str:
    """Evaluate ``items`` items, of which those numbered in ``broken`` fail; returns the experiment's id."""
    task = CountingTask(fail=lambda item, call: item["n"] in broken)
    result = evaluate(
        numbers(store, items, f"data of {name}"),
        task,
        [Equals()],
        experiment_name=name,
        trial_count=trials,
        verbose=0,
        task_threads=4,
        store=store,
    )
    return result.experiment_id


def reading_of(store: Store, experiment_id: str) -> Reading:
    return read_experiment(store.get(experiment_id), store)


@dataclass
class View:
    """A widget and its two comms."""

    widget: ResumeBrowser
    control: RecordingComm
    feed: RecordingComm
    asked: int = 0

    def send(self, method: Any, **params: Any) -> int:
        self.asked += 1
        self.control.deliver({"kind": "request", "id": self.asked, "method": method, "params": params})
        return self.asked

    def ask(self, method: Any, **params: Any) -> Sent:
        """Send a request and return its reply, which is there when the handler returns."""
        asked = self.send(method, **params)
        (reply,) = [m for m in self.control.messages if m.content["id"] == asked]
        assert reply.content["kind"] == "reply"
        return reply

    def result(self, method: Any, **params: Any) -> dict[str, Any]:
        reply = self.ask(method, **params).content
        assert reply["ok"], reply
        return dict(reply["result"])

    def told(self, method: Any, **params: Any) -> dict[str, Any]:
        """The result once it is known: a server's comes later, and the feed says when to ask again."""
        while True:
            heard = len(self.feed.messages)
            reply = self.ask(method, **params).content
            assert reply["ok"], reply
            if reply["result"] is not None and None not in reply["result"].values():
                return dict(reply["result"])
            self.hear(heard)

    def hear(self, heard: int) -> None:
        """Wait for news after so many messages."""
        self.feed.until(lambda messages: any(m.content["kind"] == "changed" for m in messages[heard:]))

    def refusal(self, method: Any, **params: Any) -> dict[str, Any]:
        reply = self.ask(method, **params).content
        assert not reply["ok"], reply
        assert set(reply) == {"kind", "id", "ok", "error"}
        return dict(reply["error"])

    def screen(self) -> Screen:
        return Screen.of(self.feed.messages)

    def ended(self, outcome: str = "finished") -> Screen:
        """Wait until the feed says that the resume on show has ended this way."""
        return ended(self.feed, outcome)


def ended(feed: RecordingComm, outcome: str = "finished") -> Screen:
    """Wait until the feed has told the end."""
    return Screen.of(feed.until(lambda messages: has_ended(messages, outcome)))


def has_ended(messages: Sequence[Sent], outcome: str) -> bool:
    """Whether a message has this outcome and another one, after it, announced the change."""
    said = [m.content.get("progress", {}).get("outcome") == outcome for m in messages]
    return any(said) and any(m.content["kind"] == "changed" for m in messages[said.index(True) :])
