"""A cell that is run again is another file with another number: its unchanged functions are no change."""

from __future__ import annotations

from tests.kernel.harness import Kernel

CELL = """
MODEL = {model!r}

def shout(text):
    return text.upper()

def reply(item):
    if item["n"] < 2 and MODEL == "small":
        raise ValueError("broken")
    return {{"output": shout(MODEL)}}
"""
DRIFT = "plan_resume({name!r}, [equals], task=reply).drift"


def cell(model: str) -> str:
    return CELL.format(model=model)


def begun(kernel: Kernel, name: str) -> None:
    kernel.run("from opik_resume import plan_resume")
    kernel.run(cell("small"))
    kernel.run(f"experiment({name!r}, 6, reply, breaker=None)")


def test_a_cell_that_is_run_again_is_no_change(kernel: Kernel) -> None:
    begun(kernel, "again")
    kernel.run("'some other cell'")
    kernel.run(cell("small"))
    assert kernel.value(f"bool({DRIFT.format(name='again')})") == "False"
    kernel.run(f"# moved down\n\n\n{cell('small')}\nafterwards = 1")
    assert kernel.value(f"bool({DRIFT.format(name='again')})") == "False"
    said = kernel.run("%opik_resume again --task reply --metrics equals --threads 1")
    assert "has changed" not in said.text


def test_a_cell_that_is_changed_is_said_by_the_magic_and_shown_by_the_plan(kernel: Kernel) -> None:
    begun(kernel, "changed")
    kernel.run(cell("large").replace("text.upper()", "text.title()"))
    shown = kernel.value(f"str({DRIFT.format(name='changed')})")
    assert "-    return text.upper()" in shown
    assert "+    return text.title()" in shown
    said = kernel.run("%opik_resume changed --task reply --metrics equals --threads 1")
    assert "reply has changed since 4 of 6 runs were made (" in said.text
    assert "MODEL" in said.text


def test_a_cell_with_a_magic_and_an_await_is_read_as_well(kernel: Kernel) -> None:
    kernel.run("from opik_resume import plan_resume")
    text = "import asyncio\n%time 1\nawait asyncio.sleep(0)\nreply = lambda item: {'output': 'small'[item['n']]}"
    kernel.run(text)
    kernel.run("experiment('odd cell', 6, reply, breaker=None)")
    kernel.run(f"\n{text}")
    assert kernel.value(f"bool({DRIFT.format(name='odd cell')})") == "False"
    kernel.run(text.replace("small", "large"))
    assert "'large'[item['n']]" in kernel.value(f"str({DRIFT.format(name='odd cell')})").replace("\\\\'", "'").replace(
        "\\'", "'"
    )
