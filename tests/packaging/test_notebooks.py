"""The notebooks of the repository have outputs, of the code that they have, and nothing of the machine that made them."""

from __future__ import annotations

import base64
import json
import re
from pathlib import Path
from typing import Any

import nbformat
import pytest

from tools import notebooks
from tools.system import ROOT

HOSTS = ("127.0.0.1:37633", "localhost:5173")
PATHS = sorted(notebooks.FOLDER.glob("*.ipynb"))


def read(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))


@pytest.mark.quick
@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)
def test_the_outputs_are_those_of_the_code(path: Path) -> None:
    notebook = read(path)
    assert notebook["metadata"]["opik_resume"]["code"] == notebooks.digest(notebook), "run `make notebooks`"
    code = [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]
    assert sum(bool(cell["outputs"]) for cell in code) > len(code) / 2
    assert not any(output["output_type"] == "error" for cell in code for output in cell["outputs"])
    assert any(
        "<pre" in "".join(output.get("data", {}).get("text/html", "")) for c in code for output in c["outputs"]
    ), "the picture of the widget"


@pytest.mark.quick
@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)
def test_nothing_in_them_is_of_one_run_or_one_machine(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert len(text) < 400_000
    assert text == notebooks.text_of(read(path)), "written by `make notebooks`"
    assert str(ROOT) not in text
    assert not re.search(r"/tmp/|/home/|/root/|widget-(view|state)", text)
    ids = set(re.findall(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", text))
    assert all(each.startswith("00000000-0000-7000-8000-") for each in ids)
    addresses = {base64.b64decode(each) for each in re.findall(r"path=([\w+/=]+)", text)}
    assert addresses <= {b"http://localhost:5173/api/"}


def test_cleaning_keeps_what_is_said_and_which_ids_are_the_same() -> None:
    one, other = "01a219ad-9d0a-74bd-8cb8-8efa386a0ec9", "01a219ad-9d0a-74bd-8cb8-8efa386a0eca"
    printed = {
        "output_type": "stream",
        "name": "stderr",
        "text": f"1/2\r2/2\nin /made/here/x {one} {other} {one} 0xabcdef12",
    }
    widget = {"output_type": "display_data", "data": {notebooks.VIEW: {}}, "metadata": {}}
    cell = {"cell_type": "code", "id": "a", "source": "1", "outputs": [printed, widget], "metadata": {"x": 1}}
    plain = {"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": [{**cell, "execution_count": 7}]}
    made = notebooks.cleaned(nbformat.from_dict(plain), {"/made/here": ""})  # type: ignore[no-untyped-call]
    (output,) = made["cells"][0]["outputs"]
    zeros = "00000000-0000-7000-8000-00000000000"
    assert "".join(output["text"]) == f"2/2\nin x {zeros}1 {zeros}2 {zeros}1 0x0"
    assert made["metadata"]["opik_resume"]["code"] == notebooks.digest(made)
    assert (made["cells"][0]["metadata"], made["cells"][0]["execution_count"]) == ({}, 1)


def test_cleaning_finds_what_is_in_addresses() -> None:
    one, other = "01a219ad-9d0a-74bd-8cb8-8efa386a0ec9", "01a219ad-9d0a-74bd-8cb8-8efa386a0eca"
    encoded, plain = (base64.b64encode(f"http://{each}/api/".encode()).decode() for each in HOSTS)
    text = f"?x=%5B%22{one}%22%5D&y={one}&z=%22{other}%22&path={encoded} ]8;id=12084702;http://{HOSTS[0]}"
    zeros = "00000000-0000-7000-8000-00000000000"
    assert notebooks.plain_text(text, {}, notebooks.Ids()) == (
        f"?x=%5B%22{zeros}1%22%5D&y={zeros}1&z=%22{zeros}2%22&path={plain} ]8;id=1;http://{HOSTS[1]}"
    )


def test_each_output_is_as_it_was_when_its_cell_ended(tmp_path: Path) -> None:
    cells = [
        "from IPython.display import display\nshown = display('broken', display_id=True)",
        "shown.update('mended')",
    ]
    made = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(each) for each in cells])  # type: ignore[no-untyped-call]
    notebooks.run(made, tmp_path, {})
    (output,) = made["cells"][0]["outputs"]
    assert output["data"]["text/plain"] == "'broken'"
