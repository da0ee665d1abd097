"""The notebooks with their outputs: each is run from its top as nobody watches, cleaned, and written back.

    .venv/bin/python -m tools.notebooks [name …]

Nothing of the person's own is touched. What differs from run to run or machine to machine (ids, paths, ports) is put in
its plain form, and a digest of the code cells is kept: a test compares it, so that outputs are never older than the code.
"""

from __future__ import annotations

import base64
import copy
import hashlib
import json
import os
import re
import shutil
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import nbformat
from nbclient import NotebookClient

from tools.system import ROOT, say

FOLDER = ROOT / "notebooks"
CELL_SECONDS = 300
VIEW = "application/vnd.jupyter.widget-view+json"
# In an address an id may stand behind a quote, which is %22 there.
_ID = re.compile(
    r"(?:\b|(?<=%[0-9A-Fa-f]{2}))(?:[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|[0-9a-f]{32})\b",
)
_HOST, _PLAIN_HOST = re.compile(r"127\.0\.0\.1:\d+"), "localhost:5173"
_ENCODED = re.compile(r"(?<=[?&]path=)[\w+/=]+")
_LINK = re.compile(r"(?<=\]8;id=)\d+")  # of a terminal
_ADDRESS = re.compile(r"0x[0-9a-f]{6,}")


def main(names: list[str]) -> None:
    for path in sorted(FOLDER.glob("*.ipynb")):
        if not names or path.stem in names:
            say(f"  running {path.name}")
            write(path)


def digest(notebook: Mapping[str, Any]) -> str:
    """Of the sources of the code cells, in order."""
    sources = ["".join(cell["source"]) for cell in notebook["cells"] if cell["cell_type"] == "code"]
    return hashlib.sha256(json.dumps(sources).encode()).hexdigest()


def write(path: Path) -> None:
    """Run one notebook in a folder of its own, and write it back with its outputs."""
    with tempfile.TemporaryDirectory() as made:
        home = Path(made).resolve()
        shutil.copytree(FOLDER, home / "notebooks", ignore=shutil.ignore_patterns("__pycache__", ".*"))
        notebook = nbformat.read(path, as_version=4)  # type: ignore[no-untyped-call]
        with environment(path.stem, home) as variables:
            run(notebook, home / "notebooks", variables)
        path.write_text(text_of(cleaned(notebook, {str(home): "", str(ROOT): ""})), encoding="utf-8")


def run(notebook: Any, folder: Path, variables: Mapping[str, str]) -> None:
    """Run all cells. Who reads from the top sees each output as it was when its cell ended.

    A picture changes with what it shows: one of failures would show none once they are mended, further below.
    """
    ended: dict[int, list[Any]] = {}

    def keep(cell: Any, cell_index: int, **_: Any) -> None:
        ended[cell_index] = copy.deepcopy(cell.get("outputs", []))

    resources = {"metadata": {"path": folder}}
    client = NotebookClient(notebook, timeout=CELL_SECONDS, resources=resources, on_cell_executed=keep)
    client.execute(env={**variables, "PYTHONPATH": os.environ.get("PYTHONPATH", "")})
    for index, outputs in ended.items():
        notebook["cells"][index]["outputs"] = outputs


@contextmanager
def environment(name: str, home: Path) -> Iterator[dict[str, str]]:
    """An empty store; for the one that needs an Opik server, the stand-in of the tests."""
    own = {"OPIK_RESUME_DB": str(home / "experiments.sqlite3"), "IPYTHONDIR": str(home / "ipython")}
    if name != "opik_server":
        yield {**{key: value for key, value in os.environ.items() if not key.startswith("OPIK_")}, **own}
        return
    from tests.opik_server import OpikServer, sdk

    with OpikServer() as server:
        yield {**sdk.environment(server.url, home), **own}


def cleaned(notebook: Any, places: Mapping[str, str]) -> dict[str, Any]:
    """Without what only this run had. The widgets go: nobody is there who could show them, and their pictures stay."""
    plain = json.loads(nbformat.writes(notebook, version=4))  # type: ignore[no-untyped-call]
    plain["metadata"] = {
        "kernelspec": {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"},
        "language_info": {"name": "python"},
        "opik_resume": {"code": digest(plain)},
    }
    ids = Ids()
    for number, cell in enumerate(cell for cell in plain["cells"] if cell["cell_type"] == "code"):
        cell["execution_count"] = number + 1
        shown = [output for output in cell["outputs"] if VIEW not in output.get("data", {})]
        for output in shown:
            output.pop("transient", None)
            if output["output_type"] == "execute_result":
                output["execution_count"] = number + 1
        cell["outputs"] = _mapped(_joined(shown), lambda text: plain_text(text, places, ids))
    for cell in plain["cells"]:
        cell["metadata"] = {}
    return dict(plain)


def _joined(outputs: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """What was printed is as it stands at the end: a progress bar writes its line again and again."""
    for output in outputs:
        if output["output_type"] == "stream":
            lines = "".join(output["text"]).split("\n")
            output["text"] = "\n".join(line.rstrip("\r").rpartition("\r")[2] for line in lines).splitlines(
                keepends=True
            )
    return outputs


class Ids(dict[str, str]):
    """Plain ids, by their order, for those that a run has made."""

    def __missing__(self, found: str) -> str:
        n = len(self) + 1
        self[found] = f"00000000-0000-7000-8000-{n:012}" if "-" in found else f"{n:032}"
        return self[found]


def plain_text(text: str, places: Mapping[str, str], ids: Ids) -> str:
    """With ids by their order, addresses as zeros, and places as if one stood in them."""
    for place, name in places.items():
        text = text.replace(f"{place}/", name).replace(place, name)
    text = _HOST.sub(_PLAIN_HOST, _ENCODED.sub(_encoded_plainly, text))
    return _ADDRESS.sub("0x0", _LINK.sub("1", _ID.sub(lambda match: ids[match[0]], text)))


def _encoded_plainly(match: re.Match[str]) -> str:
    try:
        text = base64.b64decode(match[0], validate=True).decode()
    except ValueError:  # it only looks like it
        return match[0]
    return base64.b64encode(_HOST.sub(_PLAIN_HOST, text).encode()).decode()


def _mapped(value: Any, change: Any) -> Any:
    """The same with every text changed."""
    if isinstance(value, dict):
        return {key: _mapped(each, change) for key, each in value.items()}
    if isinstance(value, list):
        return [_mapped(each, change) for each in value]
    return change(value) if isinstance(value, str) else value


def text_of(notebook: Mapping[str, Any]) -> str:
    """As it is written."""
    return json.dumps(notebook, indent=1, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    main(sys.argv[1:])
