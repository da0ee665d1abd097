"""The thing that is shipped: an sdist and a wheel are built, and the wheel is installed where there is no Node.js."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import sysconfig
import tarfile
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
BUNDLE_BYTES = 120_000  # it travels in every notebook that shows the widget
WHEEL_BYTES = 650_000
STATIC = "opik_resume/notebook/widget/static/"
LOOK = """
import json, pathlib
import opik_resume
from opik_resume import browse
widget = browse()
print(json.dumps({
    "home": str(pathlib.Path(opik_resume.__file__)), "esm": widget._esm, "css": widget._css,
    "version": opik_resume.__version__,
}))
"""


def run(*command: str | Path, path: str | None = None, folder: Path | None = None) -> str:
    env = None if path is None else {"PATH": path}
    done = subprocess.run([str(c) for c in command], capture_output=True, text=True, env=env, cwd=folder, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def nowhere(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A PATH without any program on it, npm least of all."""
    return str(tmp_path_factory.mktemp("nowhere"))


@pytest.fixture(scope="module")
def sdist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("sdist")
    run(sys.executable, "-m", "build", "--sdist", "--no-isolation", "--outdir", folder, ROOT)
    return next(folder.glob("*.tar.gz"))


@pytest.fixture(scope="module")
def wheel(sdist: Path, nowhere: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built from the sdist, with no npm to be found."""
    folder = tmp_path_factory.mktemp("wheel")
    pip = (sys.executable, "-m", "pip", "wheel", "--no-build-isolation", "--no-deps", "--no-index", "--quiet")
    run(*pip, "--wheel-dir", folder, sdist, path=nowhere)
    return next(folder.glob("*.whl"))


@pytest.fixture(scope="module")
def python(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The Python of an environment with the wheel in it. Its dependencies are this environment's, by path."""
    folder = tmp_path_factory.mktemp("env")
    run(sys.executable, "-m", "venv", "--without-pip", folder)
    python = folder / "bin/python"
    run(sys.executable, "-m", "pip", "--python", python, "install", "--quiet", "--no-deps", "--no-index", wheel)
    # A path in a .pth file is only a path: the .pth of our editable install, which lies there, is not followed.
    site = Path(run(python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))").strip())
    (site / "dependencies.pth").write_text(sysconfig.get_path("purelib"))
    return python


def test_the_sdist_carries_the_front_end_and_no_modules(sdist: Path) -> None:
    with tarfile.open(sdist) as archive:
        names = ["/".join(name.split("/")[1:]) for name in archive.getnames()]
    assert {f"src/{STATIC}widget.js", f"src/{STATIC}widget.css", "js/package-lock.json", "LICENSE"} <= set(names)
    assert not [name for name in names if "node_modules" in name]


def test_the_wheel_carries_the_front_end_and_is_small(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        sizes = {info.filename: info.file_size for info in archive.infolist()}
    assert 10_000 < sizes[f"{STATIC}widget.js"] < BUNDLE_BYTES
    assert 1_000 < sizes[f"{STATIC}widget.css"] < BUNDLE_BYTES
    assert not [name for name in sizes if not name.startswith(("opik_resume/", "opik_resume-"))]
    assert wheel.stat().st_size < WHEEL_BYTES


def test_the_installed_widget_works_without_node(python: Path, nowhere: str, tmp_path: Path) -> None:
    code = f"import os; os.environ['OPIK_RESUME_DB'] = {str(tmp_path / 'db')!r}\n{LOOK}"
    seen = json.loads(run(python, "-c", code, path=nowhere, folder=tmp_path))
    assert Path(seen["home"]).is_relative_to(python.parents[1])
    assert "export" in seen["esm"]
    assert ".oprs-" in seen["css"]
    assert seen["version"]


def test_a_checkout_without_npm_fails_with_a_plain_sentence(nowhere: str, tmp_path: Path) -> None:
    checkout = tmp_path / "checkout"
    shutil.copytree(ROOT / "src", checkout / "src", ignore=shutil.ignore_patterns("static", "__pycache__"))
    for name in ("pyproject.toml", "hatch_build.py", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, checkout)
    build = (sys.executable, "-m", "build", "--wheel", "--no-isolation", checkout)
    done = subprocess.run(build, capture_output=True, text=True, env={"PATH": nowhere}, check=False)
    assert done.returncode != 0
    assert "Install Node.js" in done.stdout + done.stderr
    assert "Traceback" not in done.stdout + done.stderr
    assert not list(checkout.glob("dist/*.whl"))
