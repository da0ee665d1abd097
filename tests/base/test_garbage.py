"""The collector of cycles rests while many objects are made, and is at work again afterwards, whatever happened."""

from __future__ import annotations

import gc
import os
from collections.abc import Iterator
from threading import Barrier, Thread

import pytest

from opik_resume.base.process.garbage import collector


@pytest.fixture(autouse=True)
def _at_work() -> Iterator[None]:
    gc.enable()
    yield
    gc.enable()


def test_it_rests_within_and_works_again_after_an_error() -> None:
    with pytest.raises(ZeroDivisionError), collector.rests():
        assert not gc.isenabled()
        with collector.rests():
            pass
        assert not gc.isenabled(), "the outer one still wants it to"
        _ = 1 / 0
    assert gc.isenabled()


def test_it_rests_until_the_last_thread_is_done() -> None:
    inside = Barrier(2)
    seen: list[bool] = []

    def one(first: bool) -> None:
        with collector.rests():
            inside.wait()
            if not first:
                leaving.join()
                seen.append(gc.isenabled())

    leaving, staying = Thread(target=one, args=(True,)), Thread(target=one, args=(False,))
    for thread in (leaving, staying):
        thread.start()
    staying.join()
    assert seen == [False]
    assert gc.isenabled()


def test_whoever_has_switched_it_off_finds_it_so() -> None:
    gc.disable()
    with collector.rests():
        pass
    assert not gc.isenabled()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="nothing forks here")
def test_it_works_in_a_child_of_a_process_in_which_it_rests() -> None:
    with collector.rests():
        child = os.fork()
        if not child:
            os._exit(not gc.isenabled())
    assert os.waitpid(child, 0)[1] == 0
