"""What the feed says and when, with a clock of our own."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from opik_resume.notebook.widget.wire.frames import (
    KEY_PERIOD_OF_MANY,
    LATE_KEYS,
    MANY_CELLS,
    TICK,
    Board,
    Frames,
    Message,
)
from opik_resume.notebook.widget.wire.runs import coded

PROGRESS: dict[str, Any] = {"done": 0}


def board(cells: int = 100, **kwargs: Any) -> Board:
    return Board({"id": "e", "cells": cells}, np.zeros(cells, dtype=np.uint8), **kwargs)


def shown(cells: int = 100) -> Frames:
    """Frames whose first key frame was sent at time 0."""
    frames = Frames()
    frames.show(board(cells), 0.0)
    (first,) = frames.take(0.0, PROGRESS)
    assert first.content["kind"] == "key"
    return frames


def play(frames: Frames, start: float, end: float) -> list[tuple[float, Message]]:
    """Let the time pass as the publisher does: sleep as long as told, then take what is due."""
    now, sent = start, []
    while (wait := frames.wait(now)) is not None and now + wait <= end:
        now += wait
        taken = frames.take(now, PROGRESS)
        sent += [(now, message) for message in taken]
        now += 0.0 if taken else 1e-6
    return sent


def kinds(sent: list[tuple[float, Message]]) -> list[str]:
    return [message.content["kind"] for _, message in sent]


def test_nothing_is_said_when_nothing_happens() -> None:
    assert Frames().wait(0.0) is None
    assert Frames().take(0.0, PROGRESS) == []
    assert shown().wait(1.0) is None


def test_a_key_frame_carries_every_byte_and_the_runs_of_each_item() -> None:
    frames = Frames()
    frames.show(board(3, runs_per_item=np.array([2, 1], dtype=np.uint16)), 0.0)
    (key,) = frames.take(0.0, PROGRESS)
    assert key.content == {
        "kind": "key", "seq": 1, "coding": "bytes", "head": {"id": "e", "cells": 3}, "progress": PROGRESS,
    }  # fmt: skip
    assert key.buffers == [b"\0\0\0", b"\2\0\1\0"]


def key_of(states: np.ndarray, **kwargs: Any) -> Message:
    frames = Frames()
    frames.show(Board({"id": "e", "cells": len(states)}, states, **kwargs), 0.0)
    (key,) = frames.take(0.0, PROGRESS)
    return key


def test_key_frames_of_many_cells_travel_as_runs() -> None:
    many = np.full(MANY_CELLS + 1, 3, dtype=np.uint8)
    many[77_777] = 5
    key = key_of(many, runs_per_item=np.ones(MANY_CELLS + 1, dtype=np.uint16))
    assert key.content["coding"] == "runs"
    assert key.buffers[0] == coded(many)
    assert len(key.buffers[0]) < len(many) / 100
    assert len(key.buffers[1]) == 2 * len(many)


def test_what_runs_would_only_make_longer_travels_as_it_is() -> None:
    checked = np.resize(np.array([3, 5], dtype=np.uint8), MANY_CELLS + 1)
    few = np.full(MANY_CELLS, 3, dtype=np.uint8)
    for states in (checked, few):
        key = key_of(states)
        assert (key.content["coding"], key.buffers[0]) == ("bytes", states.tobytes())


def test_changes_of_one_tick_are_one_patch() -> None:
    frames = shown()
    frames.put(7, 2)
    frames.put(3, 1)
    frames.put(7, 0x83)
    assert frames.wait(0.01) == pytest.approx(TICK - 0.01)
    assert frames.take(0.01, PROGRESS) == []
    (patch,) = frames.take(TICK, PROGRESS)
    assert patch.content == {"kind": "patch", "seq": 2, "experiment": "e", "progress": PROGRESS}
    assert np.frombuffer(patch.buffers[0], "<u4").tolist() == [3, 7]
    assert patch.buffers[1] == b"\x01\x83"
    assert frames.wait(TICK) is None


def test_a_byte_that_stays_is_not_sent() -> None:
    frames = shown()
    assert not frames.put(7, 0)
    assert frames.wait(1.0) is None


def test_much_change_becomes_a_key_frame() -> None:
    frames = shown()
    for cell in range(21):
        frames.put(cell, 2)
    (message,) = frames.take(1.0, PROGRESS)
    assert message.content["kind"] == "key"
    for cell in range(20):
        frames.put(cell, 3)
    (message,) = frames.take(2.0, PROGRESS)
    assert message.content["kind"] == "patch"


def test_ten_thousand_events_are_few_messages() -> None:
    frames = shown(50_000)
    sent = []
    for event in range(10_000):
        now = event / 5_000
        frames.put(event, 3)
        sent += frames.take(now, PROGRESS)
    sent += [message for _, message in play(frames, 2.0, 3.0)]
    assert len(sent) <= 2.0 / TICK + 2
    assert sum(len(message.buffers[1]) for message in sent) == 10_000
    assert [message.content["seq"] for message in sent] == list(range(2, len(sent) + 2))


@given(st.lists(st.tuples(st.floats(0, 3), st.integers(0, 99), st.sampled_from([1, 2, 0x83, 0x85, None])), max_size=60))
def test_whatever_happens_the_browser_has_every_byte_at_most_20_messages_a_second(
    happenings: list[tuple[float, int, int | None]],
) -> None:
    frames, screen = shown(), np.zeros(100, dtype=np.uint8)
    frames.started(0.0)
    sent, now = [], 0.0
    for moment, cell, state in sorted(happenings, key=lambda h: h[0]):
        sent += play(frames, now, moment)
        now = moment
        frames.put(cell, state)
    sent += play(frames, now, 10.0)
    for _, message in sent:
        if message.content["kind"] == "key":
            screen = np.frombuffer(message.buffers[0], np.uint8).copy()
        else:
            screen[np.frombuffer(message.buffers[0], "<u4")] = np.frombuffer(message.buffers[1], np.uint8)
    assert frames.board is not None
    assert (screen == frames.board.states).all()
    times = [moment for moment, _ in sent]
    assert all(later - earlier >= TICK - 1e-9 for earlier, later in pairwise(times))


def test_a_dropped_cell_goes_back_to_what_it_was() -> None:
    frames = shown()
    assert frames.board is not None
    frames.put(5, 5)  # failed before
    frames.put(5, 1)
    frames.put(5, None)
    assert frames.board.states[5] == 5


def test_key_frames_come_early_then_regularly_while_something_runs_and_a_little_longer() -> None:
    frames = shown()
    frames.started(10.0)
    early = [round(moment - 10.0, 3) for moment, _ in play(frames, 10.0, 15.5)]
    assert early == [0.0, 0.1, 0.3, 0.7, 1.2, 3.2, 5.2]
    frames.ended(20.0)
    sent = play(frames, 20.0, 1000.0)
    assert [round(moment - 20.0, 3) for moment, _ in sent] == [0.0, *LATE_KEYS]
    assert set(kinds(sent)) == {"key"}
    assert frames.wait(40.0) is None


def test_a_large_experiment_has_fewer_key_frames() -> None:
    frames = shown(MANY_CELLS + 1)
    frames.started(0.0)
    play(frames, 0.0, 1.2)
    ((moment, _),) = play(frames, 1.2, 1.2 + KEY_PERIOD_OF_MANY + 1)
    assert moment == pytest.approx(1.2 + KEY_PERIOD_OF_MANY)


def test_the_last_states_come_before_the_news_that_it_ended() -> None:
    frames = shown()
    frames.started(0.0)
    play(frames, 0.0, 2.0)
    frames.put(1, 3)
    frames.announce("plan", "list")
    frames.ended(2.5)
    assert kinds([(0.0, m) for m in frames.take(2.5, PROGRESS)]) == ["key", "changed"]


def test_another_experiment_starts_afresh() -> None:
    frames = shown()
    frames.started(0.0)
    frames.put(1, 3)
    frames.show(board(4), 1.0)
    (key,) = frames.take(1.0, PROGRESS)
    assert key.buffers == [b"\0\0\0\0"]
    assert frames.wait(1.0) is None


def test_without_an_experiment_only_news_is_sent() -> None:
    frames = Frames()
    frames.want_key(0.0)
    assert not frames.put(1, 2)
    assert frames.wait(0.0) is None
    frames.announce("plan", "list")
    (message,) = frames.take(0.0, PROGRESS)
    assert message == Message({"kind": "changed", "seq": 1, "what": ["list", "plan"]}, [])
