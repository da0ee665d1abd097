"""A real ipykernel, driven as JupyterLab does: cells on the main shell, comm messages marked with a subshell."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from queue import Empty
from typing import Any

from jupyter_client.blocking.client import BlockingKernelClient
from jupyter_client.manager import KernelManager

from opik_resume.base.records import CellState
from tests.notebook.helpers import Screen, Sent, has_ended

TIMEOUT = 30.0
Message = dict[str, Any]


@dataclass
class Cell:
    """What one executed cell has put out so far."""

    text: str = ""
    result: Message = field(default_factory=dict)
    displayed: list[Message] = field(default_factory=list)
    error: Message = field(default_factory=dict)
    done: bool = False


@dataclass
class Kernel:
    """One kernel and everything that it has published."""

    manager: KernelManager
    client: BlockingKernelClient
    cells: dict[str, Cell] = field(default_factory=lambda: defaultdict(Cell))
    models: dict[str, Message] = field(default_factory=dict)
    received: dict[str, list[Sent]] = field(default_factory=lambda: defaultdict(list))
    subshell: str = ""
    _asked: int = 0

    def open_subshell(self) -> None:
        """As JupyterLab does, for all its comms."""
        self.client.control_channel.send(self.client.session.msg("create_subshell_request", {}))
        self.subshell = self.client.get_control_msg(timeout=TIMEOUT)["content"]["subshell_id"]

    def until(self, condition: Callable[[], Any], timeout: float = TIMEOUT) -> None:
        """Take what the kernel publishes until the condition holds."""
        deadline = time.monotonic() + timeout
        while not condition():
            try:
                self._take(self.client.get_iopub_msg(timeout=max(0.01, deadline - time.monotonic())))
            except Empty:
                raise AssertionError(f"not within {timeout} s; last cells: {list(self.cells.values())[-3:]}") from None

    def start(self, code: str) -> Cell:
        """Execute a cell; returns at once."""
        return self.cells[self.client.execute(code)]

    def run(self, code: str) -> Cell:
        """Execute a cell and wait for it; it must not fail."""
        cell = self.start(code)
        self.until(lambda: cell.done)
        assert not cell.error, "\n".join(cell.error["traceback"])
        return cell

    def fails(self, code: str) -> str:
        """Execute a cell that must fail; returns all that the user sees of it."""
        cell = self.start(code)
        self.until(lambda: cell.done)
        assert cell.error or cell.text, "it did not fail"
        return "\n".join([cell.text, *cell.error.get("traceback", [])])

    def value(self, expression: str) -> str:
        """The text of an expression's value."""
        return str(self.run(expression).result["text/plain"])

    def complete(self, line: str) -> dict[str, str]:
        """What Tab offers at ``|``: the whole line with each completion in it, by completion."""
        before, after = line.split("|")
        asked = self.client.complete(before + after, len(before))
        while True:
            reply = self.client.get_shell_msg(timeout=TIMEOUT)
            if reply["parent_header"].get("msg_id") == asked:
                break
        content = reply["content"]
        code, start, end = before + after, content["cursor_start"], content["cursor_end"]
        return {match: code[:start] + match + code[end:] for match in content["matches"]}

    def send(self, model: str, method: str, **params: Any) -> int:
        """Send a request to a widget, with the subshell in the header; returns its id."""
        self._asked += 1
        request = {"kind": "request", "id": self._asked, "method": method, "params": params}
        content = {"comm_id": model, "data": {"method": "custom", "content": request}}
        message = self.client.session.msg("comm_msg", content)
        message["header"]["subshell_id"] = self.subshell
        self.client.shell_channel.send(message)
        return self._asked

    def ask(self, model: str, method: str, **params: Any) -> Message:
        """Send a request and wait for its reply."""
        asked = self.send(model, method, **params)
        self.until(lambda: any(m.content.get("id") == asked for m in self.received[model]))
        (reply,) = [m.content for m in self.received[model] if m.content.get("id") == asked]
        return reply

    def result(self, model: str, method: str, **params: Any) -> Message:
        reply = self.ask(model, method, **params)
        assert reply["ok"], reply
        return dict(reply["result"])

    def shake_hands(self, model: str) -> None:
        """The three hellos of a view that mounts."""
        for _ in range(3):
            assert self.result(model, "hello") == {}

    def screen(self, model: str) -> Screen:
        """What the feed of a widget has drawn so far."""
        return Screen.of(self.received[self.feed_of(model)])

    def feed_of(self, model: str) -> str:
        return str(self.models[model]["feed"]).removeprefix("anywidget:")

    def until_running(self, model: str, cells: int) -> None:
        """Wait until the feed shows so many running cells."""
        self.until(lambda: (self.screen(model).states == CellState.running).sum() == cells)

    def ended(self, model: str, outcome: str = "finished") -> Screen:
        """Wait until the feed says so, and announces that the list is old."""
        self.until(lambda: has_ended(self.received[self.feed_of(model)], outcome))
        return self.screen(model)

    def newest_widget(self) -> str:
        """The model id of the control widget that was made last."""
        return [id_ for id_, state in self.models.items() if "feed" in state][-1]

    def _take(self, message: Message) -> None:
        content, kind = message["content"], message["msg_type"]
        cell = self.cells[message["parent_header"].get("msg_id", "")]
        match kind:
            case "stream":
                cell.text += content["text"]
            case "execute_result":
                cell.result = content["data"]
            case "display_data":
                cell.displayed.append(content["data"])
            case "error":
                cell.error = content
            case "status" if content["execution_state"] == "idle":
                cell.done = True
            case "comm_open":
                self.models[content["comm_id"]] = content["data"]["state"]
            case "comm_msg" if content["data"]["method"] == "custom":
                buffers = [bytes(buffer) for buffer in message["buffers"]]
                self.received[content["comm_id"]].append(Sent(content["data"]["content"], buffers))
            case "comm_msg":
                self.models[content["comm_id"]].update(content["data"]["state"])
