"""When the front end is built: with a stand-in for npm that writes down how it was called."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from hatch_build import build_if_needed

NPM = """#!/bin/sh
echo "$@" >> "$0.log"
case "$1" in
  ci) mkdir -p node_modules ;;
  run) mkdir -p ../src/opik_resume/notebook/widget/static && cd ../src/opik_resume/notebook/widget/static && touch widget.js widget.css ;;
esac
"""


@pytest.fixture
def npm_log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "bin"
    folder.mkdir()
    npm = folder / "npm"
    npm.write_text(NPM)
    npm.chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")
    return folder / "npm.log"


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    root = tmp_path / "tree"
    (root / "js/src").mkdir(parents=True)
    for name in ("build.mjs", "jsx.mjs", "package-lock.json", "src/index.tsx"):
        (root / "js" / name).touch()
        os.utime(root / "js" / name, (1, 1))
    return root


def test_a_missing_bundle_is_built_and_a_built_one_is_left(tree: Path, npm_log: Path) -> None:
    build_if_needed(tree)
    build_if_needed(tree)
    assert [line.split()[0] for line in npm_log.read_text().splitlines()] == ["ci", "run"]


def test_in_a_checkout_newer_sources_are_built_again(tree: Path, npm_log: Path) -> None:
    (tree / ".git").mkdir()
    build_if_needed(tree)
    (tree / "js/src/index.tsx").touch()
    later = (tree / "src/opik_resume/notebook/widget/static/widget.js").stat().st_mtime + 10
    os.utime(tree / "js/src/index.tsx", (later, later))
    build_if_needed(tree)
    assert npm_log.read_text().split().count("run") == 2


def test_out_of_a_checkout_the_bundle_that_is_there_is_taken(tree: Path, npm_log: Path) -> None:
    build_if_needed(tree)
    later = (tree / "src/opik_resume/notebook/widget/static/widget.js").stat().st_mtime + 10
    os.utime(tree / "js/src/index.tsx", (later, later))
    build_if_needed(tree)
    assert npm_log.read_text().split().count("run") == 1


def test_a_failing_build_is_told(tree: Path, npm_log: Path) -> None:
    (npm_log.parent / "npm").write_text("#!/bin/sh\nexit 3\n")
    with pytest.raises(SystemExit, match=r"`npm ci --no-audit --no-fund` failed"):
        build_if_needed(tree)
