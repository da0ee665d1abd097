"""The text of a traceback → the Stack of ``docs/protocol.md``: frames by whose code they are. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from itertools import groupby

from opik_resume.base.records import Json

CellNumber = Callable[[str], int | None]
"""The number that a notebook shows beside the cell of this file, if it is one of this session."""

_FRAME = re.compile(r'  File "(?P<path>.*)", line (?P<line>\d+)(?:, in (?P<name>.*))?')
_HEADING = re.compile(r"(?:Exception Group )?Traceback \(most recent call last\):")
_GROUP = re.compile(r" *\+ Exception Group Traceback")
_MARGIN = re.compile(r"\A *(?:\||\+(?= Exc)) ?")
_RULE = re.compile(r" *\+(?:-\+)?-+(?: (?P<number>\d+|\.\.\.) )?-+")
_OF_CELL = re.compile(r"(?:.*[/\\])?ipykernel_\d+[/\\]\d+\.py|<ipython-input-(?P<number>\d+)-.*>")
_INSTALLED = re.compile(r".*[/\\](?:site|dist)-packages[/\\](?P<package>[^/\\.]+)")
_STANDARD = re.compile(r"<frozen .*>|.*[/\\]lib[/\\]python3[^/\\]*[/\\].*|.*[/\\]Python3?[0-9.]*[/\\][Ll]ib[/\\].*")
_HOME = 3  # parts of a path that tell which file it is
_CHAINED = {
    "During handling of the above exception, another exception occurred:": "It was raised while this was handled:",
    "The above exception was the direct cause of the following exception:": "Its cause:",
}
"""What stands between two exceptions of a traceback, and what is said instead where the last one comes first."""


def stack(traceback: str, cell_number: CellNumber) -> list[Json]:
    """Its parts: frames of the user's own code, frames of one package, or what stands between exceptions.

    Those of the last exception first, without its own lines, which are its type and message; then what it came from. Of each
    exception the user's own code first, otherwise in order. A group is in the order of its text, with all that is in it.
    """
    lines = traceback.splitlines()
    if any(map(_GROUP.match, lines)):
        parts = _parts(_read(_without_margins(lines), cell_number))
        return parts if any("frames" in part for part in parts) else []
    return _last_first(_parts(_read(lines[: _end(lines)], cell_number)))


def _parts(read: Iterator[tuple[str | None, Json]]) -> list[Json]:
    return [_part(whose, list(group)) for whose, group in groupby(read, key=lambda each: each[0])]


def _without_margins(lines: list[str]) -> Iterator[str]:
    """Those of a group and of the exceptions in it, one after the other."""
    for line in lines:
        rule = _RULE.fullmatch(line)
        if rule is None:
            yield _MARGIN.sub("", line)
        elif rule["number"] is not None:
            yield f"Exception {rule['number']} of it:"


def _last_first(parts: list[Json]) -> list[Json]:
    """The exceptions of a chain from the last to the first, each after what connects it with the one that it led to."""
    done: list[Json] = []
    own: list[Json] = []
    for part in parts:
        message, _, link = part.get("text", "").rpartition("\n")
        if link in _CHAINED:
            done = [{"text": f"{_CHAINED[link]}\n{message}"}, *_own_first(own), *done]
            own = []
        else:
            own.append(part)
    return [*_own_first(own), *done]


def _own_first(parts: list[Json]) -> list[Json]:
    """A decorator of some package stands before the function that it decorates."""
    first = next((at for at, part in enumerate(parts) if part.get("package", "") is None), 0)
    return [*parts[first : first + 1], *parts[:first], *parts[first + 1 :]]


def _end(lines: list[str]) -> int:
    """Where the code of the last frame ends, and the last exception's own lines begin."""
    end = max((number + 1 for number, line in enumerate(lines) if _FRAME.fullmatch(line)), default=0)
    while end and end < len(lines) and lines[end].startswith(("    ", "  [Previous line")):
        end += 1
    return end


def _read(lines: Iterable[str], cell_number: CellNumber) -> Iterator[tuple[str | None, Json]]:
    """Each frame, or each text between, with whose code it is: ``""`` the user's own, None nobody's."""
    frame: Json | None = None
    for line in lines:
        found = _FRAME.fullmatch(line)
        if found is not None:
            path = found["path"]
            frame = {"place": f"{_place(path, cell_number)}, line {found['line']}", "name": found["name"], "code": ""}
            yield _package(path), frame
        elif frame is not None and line.startswith("  "):
            frame["code"] += f"{line.removeprefix('    ')}\n"
        elif line.strip() and not _HEADING.fullmatch(line):
            frame = None
            yield None, {"text": line}
        else:
            frame = None


def _part(whose: str | None, group: list[tuple[str | None, Json]]) -> Json:
    if whose is None:
        return {"text": "\n".join(each["text"] for _, each in group)}
    return {"package": whose or None, "frames": [each for _, each in group]}


def _place(path: str, cell_number: CellNumber) -> str:
    of_cell = _OF_CELL.fullmatch(path)
    if of_cell is None:
        return "/".join(re.split(r"[/\\]", path)[-_HOME:])
    number = of_cell["number"] or cell_number(path)
    return f"cell [{number}]" if number is not None else "a notebook cell"


def _package(path: str) -> str:
    installed = _INSTALLED.match(path)
    if installed is not None:
        return installed["package"]
    return "Python" if _STANDARD.fullmatch(path) else ""
