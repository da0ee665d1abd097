"""``view.wait()`` on the kernel's main thread: nothing it waits for needs that thread."""

from __future__ import annotations

from pathlib import Path

from tests.kernel.harness import Kernel
from tests.kernel.test_awaiting import BEGUN


def test_a_cell_waits_for_what_it_started_while_clicks_are_answered(kernel: Kernel, folder: Path) -> None:
    experiment_id = kernel.value("experiment('waited for', 3)").strip("'")
    kernel.run("view = browse(gated, [equals], task_threads=3); view.experiment = 'waited for'; view")
    widget = kernel.newest_widget()
    kernel.shake_hands(widget)
    assert kernel.value("len(view.resume())") == "3"
    waiting = kernel.start("print('waiting'); result = view.wait(); print(result.complete)")
    kernel.until(lambda: waiting.text)
    assert kernel.result(widget, "open", experiment=experiment_id)["head"]["cells"] == 3
    assert not waiting.done
    for item in range(3):
        (folder / "gates" / str(item)).touch()
    kernel.until(lambda: waiting.done)
    assert waiting.text.split() == ["waiting", "True"]


def test_an_interrupt_ends_the_wait_and_not_the_run(kernel: Kernel, folder: Path) -> None:
    kernel.run("experiment('left alone', 2); view = browse(gated, [equals], task_threads=2)")
    kernel.run("view.experiment = 'left alone'; view.resume();")
    waiting = kernel.start("print('waiting'); view.wait()")
    kernel.until(lambda: waiting.text)
    kernel.manager.interrupt_kernel()
    kernel.until(lambda: waiting.done)
    assert waiting.error["ename"] == "KeyboardInterrupt"
    for item in range(2):
        (folder / "gates" / str(item)).touch()
    assert kernel.value("view.wait().complete") == "True"


def test_a_wait_that_would_hold_up_the_loop_of_the_run_says_what_to_do(kernel: Kernel) -> None:
    kernel.run(BEGUN.format(name="on its loop"))
    kernel.run("view = browse(); view.experiment = 'on its loop'; gate = asyncio.Event()")
    kernel.run("async def held(item):\n    await gate.wait()\n    return {'output': '1'}\nasked = held; view.resume();")
    assert "await asyncio.to_thread(view.wait)" in kernel.fails("view.wait()")
    assert kernel.value("gate.set(); (await asyncio.to_thread(view.wait)).complete") == "True"
