"""The package itself: what it exports, what importing it costs, and which way its imports point."""

from __future__ import annotations

import ast
import dataclasses
import importlib
import json
import subprocess
import sys
from pathlib import Path

import pytest

import opik_resume
from opik_resume import connect
from opik_resume.base import records
from opik_resume.stores import close_all, default_store

SOURCE = Path(opik_resume.__file__).parent
HEAVY = ("pandas", "IPython", "ipywidgets", "anywidget", "tqdm", "sqlite3", "numpy", "httpx", "tenacity")
OF_EXECUTORS_AND_DATES = ("multiprocessing", "email")
NOT_AT_ONCE = (
    "pandas", "numpy", "IPython", "tqdm", "sqlite3", "httpx", "tenacity", "asyncio", "statistics", "platformdirs",
    *OF_EXECUTORS_AND_DATES,
)  # fmt: skip


def test_all_is_sorted_and_every_name_is_there() -> None:
    assert list(opik_resume.__all__) == sorted(opik_resume.__all__)
    for name in opik_resume.__all__:
        assert getattr(opik_resume, name) is not None
    assert set(opik_resume.__all__) <= set(dir(opik_resume))


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        opik_resume.nothing  # noqa: B018


DOORS = "opik_resume.evaluation.evaluator, opik_resume.evaluation.resume"
SERVER = f"{DOORS}, opik_resume.stores.opik"
FOR_REQUESTS = (
    "pandas",
    "numpy",
    "IPython",
    "tqdm",
    "httpx",
    "tenacity",
    "ssl",
    "statistics",
    *OF_EXECUTORS_AND_DATES,
)


@pytest.mark.parametrize(("module", "heavy"), [("opik_resume", HEAVY), (DOORS, NOT_AT_ONCE), (SERVER, FOR_REQUESTS)])
def test_importing_the_package_imports_nothing_heavy(module: str, heavy: tuple[str, ...]) -> None:
    code = f"import sys, {module}; print([name for name in {heavy!r} if name in sys.modules])"
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert shown.strip() == "[]"


def test_connecting_to_a_server_imports_neither_numpy_nor_what_retries(tmp_path: Path) -> None:
    code = f"""
import sys
from pathlib import Path
from opik_resume.base.settings import opik_settings
from opik_resume.stores.opik import OpikStore
OpikStore(opik_settings("http://127.0.0.1:1/api/"), Path({str(tmp_path / "local.sqlite3")!r})).close()
print([name for name in ("numpy", "pandas", "tenacity", "asyncio") if name in sys.modules], "httpx" in sys.modules)
"""
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert shown.strip() == "[] True"


def modules_of(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*.py") if path.name != "__init__.py"]


MODULES = ("evaluation", "events", "evaluation_result", "exceptions", "metrics", "samplers", "test_result")


def test_no_module_takes_the_place_of_a_public_name() -> None:
    """A submodule, once imported, is an attribute of its package: it must not bear the name of a function there."""
    modules = [f"opik_resume.{'.'.join(path.relative_to(SOURCE).with_suffix('').parts)}" for path in modules_of(SOURCE)]
    code = f"""
import importlib, types
for name in {modules!r}:
    importlib.import_module(name)
for package in ("opik_resume", "opik_resume.datasets", "opik_resume.evaluation", "opik_resume.notebook", "opik_resume.stores"):
    there = importlib.import_module(package)
    for name in there.__all__:
        expected = name in {MODULES!r}
        assert isinstance(getattr(there, name), types.ModuleType) == expected, (package, name)
"""
    subprocess.run([sys.executable, "-c", code], check=True)


PUBLIC = {
    "opik_resume": [
        "ErrorTolerance", "EvaluationResult", "ScoreResult", "__version__", "browse", "close_experiment", "connect",
        "create_dataset", "delete_experiment", "evaluate", "evaluate_experiment", "evaluate_resume", "exceptions",
        "experiments", "get_dataset", "get_or_create_dataset", "load_ipython_extension", "metrics", "plan_resume", "push",
        "reopen_experiment", "samplers", "unload_ipython_extension", "Dataset", "evaluate_on_dict_items", "evaluate_prompt",
        "prompt_task",
    ],
    "opik_resume.datasets": ["Dataset", "DatasetVersion", "create_dataset", "get_dataset", "get_or_create_dataset"],
    "opik_resume.evaluation": [
        "ErrorTolerance", "evaluate", "evaluate_experiment", "evaluate_on_dict_items", "evaluate_prompt", "evaluate_resume",
        "evaluation_result", "metrics", "plan_resume", "prompt_task", "samplers", "test_result",
    ],
    "opik_resume.evaluation.metrics": ["BaseMetric", "Equals", "base_metric", "score_result"],
    "opik_resume.exceptions": [
        "AmbiguousExperiment", "ArgumentError", "DatasetAlreadyExists", "DatasetNotFound", "EmptyExperiment",
        "EvaluationInterrupted", "ExperimentBusy", "ExperimentNotFound", "ExperimentNotResumable", "FilterError",
        "FrontEndMissing", "IncompleteAnswer", "InvalidTaskOutput", "LocalCheckpointMissing", "MetricComputationError",
        "NameNotFound", "NotAuthorized", "NotFound", "OpikResumeError", "RequestRefused", "ScoreMethodMissingArguments",
        "ServerError", "ServerUnreachable", "StoreBusy", "StoreError", "UnsupportedArgument",
    ],
    "opik_resume.metrics": [
        "BaseMetric", "Contains", "Equals", "IsJson", "LevenshteinRatio", "Metric", "MetricComputationError",
        "RegexMatch", "ScoreResult", "SpearmanRanking", "base_metric", "score_result",
    ],
    "opik_resume.samplers": ["BaseDatasetSampler", "DatasetItem", "RandomDatasetSampler"],
    "opik_resume.stores": ["close_all", "connect", "default_store", "open_store"],
}  # fmt: skip


@pytest.mark.parametrize("module", PUBLIC)
def test_public_import_paths_stay(module: str) -> None:
    """As they were in the first release: what is added may be added here, what is here stays."""
    there = importlib.import_module(module)
    assert [name for name in PUBLIC[module] if not hasattr(there, name)] == []


def imports_of(path: Path) -> set[str]:
    nodes = ast.walk(ast.parse(path.read_text()))
    found = {node.module for node in nodes if isinstance(node, ast.ImportFrom) and node.module}
    nodes = ast.walk(ast.parse(path.read_text()))
    return found | {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}


@pytest.mark.parametrize(
    "room",
    ["base/records", "engine/events", "exceptions", "experiment/grid", "experiment/planning/plan", "metrics/scoring"],
)
def test_the_pure_rooms_know_neither_store_nor_engine(room: str) -> None:
    imported = imports_of(SOURCE / f"{room}.py")
    assert not {module for module in imported if module.startswith(("opik_resume.stores", "opik_resume.engine"))}


def wire_names() -> set[str]:
    """The server's names for things, of the API document, less those that are also words of our own records."""
    document = json.loads((Path(__file__).parents[1] / "opik_server" / "serving" / "openapi.json").read_text("utf-8"))
    schemas = document["components"]["schemas"].values()
    names = {name for schema in schemas for name in schema.get("properties", {}) if "_" in name}
    kinds = [kind for kind in vars(records).values() if isinstance(kind, type) and dataclasses.is_dataclass(kind)]
    return names - {field.name for kind in kinds for field in dataclasses.fields(kind)}


MAY_SPEAK_TO_OPIK = (
    "stores/opik/",
    "base/metadata/resume_state.py",
    "integrations/opik_sdk.py",
    "integrations/seen.py",
)
# Opik's words that users of ours read and write, too: arguments, items, filters, the record of a failed metric; and a
# column of our own file.
USERS_WORDS = {
    "api_key", "created_at", "dataset_name", "error_info", "execution_policy", "last_updated_at", "span_id", "trace_id",
    "created_by", "last_updated_by", "task_threads", "dataset_item_ids", "experiment_name", "version_number",
}  # fmt: skip


def test_only_the_servers_store_and_the_resume_state_know_its_names() -> None:
    forbidden = wire_names() - USERS_WORDS
    assert {"dataset_item_id", "feedback_scores", "parent_span_id", "start_time", "trace_count"} <= forbidden
    found = {}
    for path in modules_of(SOURCE):
        room = path.relative_to(SOURCE).as_posix()
        texts = {n.value for n in ast.walk(ast.parse(path.read_text())) if isinstance(n, ast.Constant)}
        if not room.startswith(MAY_SPEAK_TO_OPIK) and texts & forbidden:
            found[room] = texts & forbidden
    assert found == {}


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
