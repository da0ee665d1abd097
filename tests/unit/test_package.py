"""The package itself: what it exports, what importing it costs, and which way its imports point."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import opik_resume
from opik_resume import connect
from opik_resume.stores import close_all, default_store

SOURCE = Path(opik_resume.__file__).parent
HEAVY = ("pandas", "IPython", "ipywidgets", "anywidget", "tqdm", "sqlite3", "numpy", "httpx", "tenacity")
NOT_AT_ONCE = ("pandas", "IPython", "tqdm", "sqlite3", "httpx", "tenacity", "asyncio", "statistics", "platformdirs")


def test_all_is_sorted_and_every_name_is_there() -> None:
    assert list(opik_resume.__all__) == sorted(opik_resume.__all__)
    for name in opik_resume.__all__:
        assert getattr(opik_resume, name) is not None
    assert set(opik_resume.__all__) <= set(dir(opik_resume))


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        opik_resume.nothing  # noqa: B018


@pytest.mark.parametrize(("module", "heavy"), [("opik_resume", HEAVY), ("opik_resume.evaluation", NOT_AT_ONCE)])
def test_importing_the_package_imports_nothing_heavy(module: str, heavy: tuple[str, ...]) -> None:
    code = f"import sys, {module}; print([name for name in {heavy!r} if name in sys.modules])"
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert shown.strip() == "[]"


def imports_of(path: Path) -> set[str]:
    nodes = ast.walk(ast.parse(path.read_text()))
    found = {node.module for node in nodes if isinstance(node, ast.ImportFrom) and node.module}
    nodes = ast.walk(ast.parse(path.read_text()))
    return found | {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}


def core_modules() -> list[Path]:
    return [path for path in SOURCE.rglob("*.py") if "notebook" not in path.relative_to(SOURCE).parts]


@pytest.mark.parametrize("path", core_modules(), ids=lambda path: str(path.relative_to(SOURCE)))
def test_only_the_notebook_layer_knows_notebooks(path: Path) -> None:
    imported = imports_of(path)
    assert not {name for name in imported if name.split(".")[0] in ("IPython", "ipywidgets", "anywidget", "traitlets")}
    if path.name != "__init__.py":
        assert not {name for name in imported if name.startswith("opik_resume.notebook")}


@pytest.mark.parametrize("name", ["records", "events", "exceptions", "grid", "plan", "scoring"])
def test_the_pure_rooms_know_neither_store_nor_engine(name: str) -> None:
    imported = imports_of(SOURCE / f"{name}.py")
    assert not {module for module in imported if module.startswith(("opik_resume.stores", "opik_resume.engine"))}


def test_the_engine_and_the_stores_do_not_know_the_doors() -> None:
    for path in [*(SOURCE / "engine").glob("*.py"), *(SOURCE / "stores").glob("*.py")]:
        assert not imports_of(path) & {
            "opik_resume.evaluation",
            "opik_resume.experiment.reading",
            "opik_resume.experiment.results",
        }


def test_connect_sets_the_default_and_opens_a_file_once(tmp_path: Path) -> None:
    store = connect(tmp_path / "a.sqlite3")
    assert default_store() is store
    assert connect(str(tmp_path / "a.sqlite3")) is store
    assert connect(tmp_path / "b.sqlite3") is not store
    close_all()


def test_the_default_file_is_the_one_in_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    close_all()
    monkeypatch.setenv("OPIK_RESUME_DB", str(tmp_path / "mine.sqlite3"))
    default_store()
    assert (tmp_path / "mine.sqlite3").exists()
    close_all()
