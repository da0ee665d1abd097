"""The frames of a traceback as the inspector shows them."""

from __future__ import annotations

import asyncio
import json
import traceback
from typing import Any

import pytest

from opik_resume.notebook.widget.looking.stack import stack

OF_KERNEL = "/tmp/ipykernel_77/1234.py"


def numbers(path: str) -> int | None:
    return 4 if path == OF_KERNEL else None


def told(text: str) -> list[tuple[Any, ...]]:
    """Each part: whose it is, and the places of its frames; or the text."""
    return [
        (part["package"], [frame["place"] for frame in part["frames"]]) if "frames" in part else (part["text"],)
        for part in stack(text, numbers)
    ]


THROUGH_A_LIBRARY = f"""Traceback (most recent call last):
  File "{OF_KERNEL}", line 9, in answer
    reply = client.create(
            ^^^^^^^^^^^^^^
  File "/home/me/project/helpers/calls.py", line 3, in create
    return post()
  File "/env/lib/python3.11/site-packages/openai/_client.py", line 88, in post
    return self.request()
  File "/env/lib/python3.11/site-packages/openai/_base.py", line 12, in request
    return self.request()
  [Previous line repeated 3 more times]
  File "/usr/lib/python3.11/json/decoder.py", line 355, in raw_decode
    raise JSONDecodeError("Expecting value", s, err.value) from None
json.decoder.JSONDecodeError: Expecting value
  with lines: of its own
"""


def test_frames_are_grouped_by_whose_code_they_are_and_cells_have_their_numbers() -> None:
    assert told(THROUGH_A_LIBRARY) == [
        (None, ["cell [4], line 9", "project/helpers/calls.py, line 3"]),
        ("openai", ["site-packages/openai/_client.py, line 88", "site-packages/openai/_base.py, line 12"]),
        ("Python", ["python3.11/json/decoder.py, line 355"]),
    ]
    own, openai, _ = stack(THROUGH_A_LIBRARY, numbers)
    assert own["frames"][0] == {
        "place": "cell [4], line 9",
        "name": "answer",
        "code": "reply = client.create(\n        ^^^^^^^^^^^^^^\n",
    }
    assert "[Previous line repeated 3 more times]" in openai["frames"][1]["code"]
    assert "Expecting value\n" not in json.dumps(stack(THROUGH_A_LIBRARY, numbers)), "the last line is said above"


def test_own_frames_come_first_whoever_decorates_them() -> None:
    text = (
        "Traceback (most recent call last):\n"
        '  File "/env/lib/python3.11/site-packages/opik/decorator.py", line 1, in wrapper\n    raise\n'
        '  File "/env/lib/python3.11/site-packages/tenacity/__init__.py", line 2, in call\n    raise\n'
        f'  File "{OF_KERNEL}", line 3, in answer\n    fail()\n'
        '  File "/env/lib/python3.11/site-packages/openai/_client.py", line 4, in post\n    raise\n'
        f'  File "{OF_KERNEL}", line 5, in hook\n    fail()\nValueError: no\n'
    )
    assert [(whose, len(frames)) for whose, frames in told(text)] == [
        (None, 1),
        ("opik", 1),
        ("tenacity", 1),
        ("openai", 1),
        (None, 1),
    ]


def test_the_last_exception_comes_first_then_what_it_came_from() -> None:
    text = (
        "Traceback (most recent call last):\n"
        f'  File "{OF_KERNEL}", line 1, in first\n    fail()\nKeyError: 1\n\n'
        "During handling of the above exception, another exception occurred:\n\n"
        "Traceback (most recent call last):\n"
        f'  File "{OF_KERNEL}", line 3, in second\n    fail()\nValueError: 2\nwith a line\n\n'
        "The above exception was the direct cause of the following exception:\n\n"
        "Traceback (most recent call last):\n"
        f'  File "{OF_KERNEL}", line 5, in third\n    fail()\nOSError: 3\n'
    )
    assert told(text) == [
        (None, ["cell [4], line 5"]),
        ("Its cause:\nValueError: 2\nwith a line",),
        (None, ["cell [4], line 3"]),
        ("It was raised while this was handled:\nKeyError: 1",),
        (None, ["cell [4], line 1"]),
    ]


def test_a_group_is_read_with_what_is_in_it() -> None:
    """As ``asyncio.TaskGroup`` raises it: what went wrong is inside."""
    text = (
        "  + Exception Group Traceback (most recent call last):\n"
        f'  |   File "{OF_KERNEL}", line 3, in answer\n  |     async with asyncio.TaskGroup() as group:\n'
        '  |   File "/usr/lib/python3.11/asyncio/taskgroups.py", line 147, in __aexit__\n  |     raise me from None\n'
        "  | ExceptionGroup: unhandled errors in a TaskGroup (2 sub-exceptions)\n"
        "  +-+---------------- 1 ----------------\n"
        "    | Traceback (most recent call last):\n"
        f'    |   File "{OF_KERNEL}", line 7, in ask\n    |     return a | b\n'
        "    | ValueError: no answer\n"
        "    +---------------- 2 ----------------\n"
        "    | KeyError: 'two'\n"
        "    +------------------------------------\n"
    )
    assert told(text) == [
        (None, ["cell [4], line 3"]),
        ("Python", ["python3.11/asyncio/taskgroups.py, line 147"]),
        ("ExceptionGroup: unhandled errors in a TaskGroup (2 sub-exceptions)\nException 1 of it:",),
        (None, ["cell [4], line 7"]),
        ("ValueError: no answer\nException 2 of it:\nKeyError: 'two'",),
    ]
    assert stack(text, numbers)[3]["frames"][0]["code"] == "return a | b\n"


def test_a_real_group_names_no_temporary_file() -> None:
    async def ask() -> None:
        raise OSError("down")

    async def both() -> None:
        async with asyncio.TaskGroup() as group:
            group.create_task(ask())
            group.create_task(ask())

    with pytest.raises(ExceptionGroup) as raised:
        asyncio.run(both())
    parts = told("".join(traceback.format_exception(raised.value)))
    texts = [part[0] for part in parts if len(part) == 1]
    assert not any("File" in text or "|" in text for text in texts)
    assert "OSError: down" in "".join(texts)


def test_other_names_of_cells() -> None:
    text = (
        '  File "<ipython-input-7-abc>", line 2, in f\n  File "C:\\Temp\\ipykernel_8\\99.py", line 3, in g\n'
        '  File "C:\\Users\\me\\code.py", line 4, in h\n  File "<string>", line 1\nSyntaxError: no'
    )
    assert told(text) == [
        (None, ["cell [7], line 2", "a notebook cell, line 3", "Users/me/code.py, line 4", "<string>, line 1"])
    ]


def test_of_a_real_exception_and_of_no_traceback() -> None:
    try:
        json.loads("no")
    except ValueError:
        own, python = stack(traceback.format_exc(), numbers)
    assert own["package"] is None
    assert own["frames"][0]["place"].startswith("widget/looking/test_stack.py, line ")
    assert python["package"] == "Python"
    for text in ("", "File …", "  + Exception Group Traceback (most recent call last):\n  | whatever"):
        assert stack(text, numbers) == []
