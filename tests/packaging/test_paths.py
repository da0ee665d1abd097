"""The import paths that Opik documents are there under our name, and what stays Opik's alone says where it is."""

from __future__ import annotations

import importlib
import subprocess
import sys

import pytest

import opik_resume
from opik_resume import evaluation, metrics
from opik_resume.exceptions import OpiksOwn, UnsupportedArgument

PATHS = [
    "from opik_resume import ErrorTolerance, evaluate, evaluate_experiment, evaluate_on_dict_items, evaluate_prompt",
    "from opik_resume import evaluate_resume, Dataset, exceptions",
    "import opik_resume; opik_resume.evaluation.metrics.base_metric.BaseMetric",
    "from opik_resume.evaluation import evaluate, evaluate_experiment, evaluate_on_dict_items, evaluate_prompt",
    "from opik_resume.evaluation import ErrorTolerance, evaluate_resume, metrics, samplers, test_result",
    "from opik_resume.evaluation.metrics import base_metric, score_result",
    "from opik_resume.evaluation.metrics import BaseMetric, Contains, Equals, IsJson, LevenshteinRatio, RegexMatch",
    "from opik_resume.evaluation.metrics.base_metric import BaseMetric",
    "from opik_resume.evaluation.metrics.score_result import ScoreResult",
    "from opik_resume.evaluation.samplers import BaseDatasetSampler, RandomDatasetSampler",
    "from opik_resume.evaluation.test_result import TestResult",
    "from opik_resume.evaluation.evaluation_result import EvaluationResult, EvaluationResultOnDictItems",
    "from opik_resume.metrics import base_metric, score_result",
    "from opik_resume.metrics.base_metric import BaseMetric",
    "from opik_resume.metrics.score_result import ScoreResult",
    "import opik_resume.evaluation.metrics.base_metric, opik_resume.evaluation.samplers",
]


@pytest.mark.parametrize("line", PATHS)
def test_a_documented_import_is_there_in_a_fresh_process(line: str) -> None:
    subprocess.run([sys.executable, "-c", line], check=True)


@pytest.mark.parametrize("line", [line for line in PATHS if "opik_resume.metrics" not in line])
def test_and_is_one_of_the_packages_own(line: str) -> None:
    exec(line.replace("opik_resume", "opik"), {})


def test_both_paths_lead_to_one_class() -> None:
    for name in ("BaseMetric", "ScoreResult", "Equals"):
        assert getattr(evaluation.metrics, name) is getattr(metrics, name)
    assert metrics.base_metric.BaseMetric is metrics.BaseMetric
    assert metrics.score_result.ScoreResult is opik_resume.ScoreResult
    assert (
        evaluation.test_result.TestResult
        is importlib.import_module("opik_resume.experiment.results.test_results").TestResult
    )


OPIKS = [
    ("opik_resume", "track", "opik.track"),
    ("opik_resume", "Opik", "opik.Opik"),
    ("opik_resume", "opik_context", "opik.opik_context"),
    ("opik_resume", "Prompt", "opik.Prompt"),
    ("opik_resume", "run_tests", "opik.run_tests"),
    ("opik_resume", "run_simulation", "opik.run_simulation"),
    ("opik_resume", "agent_config_context", "opik.agent_config_context"),
    ("opik_resume", "guardrails", "opik.guardrails"),
    ("opik_resume.evaluation", "evaluate_threads", "opik.evaluation.evaluate_threads"),
    ("opik_resume.evaluation", "evaluate_optimization_trial", "opik.evaluation.evaluate_optimization_trial"),
    ("opik_resume.evaluation", "models", "opik.evaluation.models"),
    ("opik_resume.metrics", "Hallucination", "opik.evaluation.metrics"),
    ("opik_resume.evaluation.metrics", "GEval", "opik.evaluation.metrics"),
]


@pytest.mark.parametrize(("module", "name", "there"), OPIKS)
def test_what_stays_opiks_says_where_it_is(module: str, name: str, there: str) -> None:
    package = importlib.import_module(module)
    assert not hasattr(package, name)
    with pytest.raises(AttributeError) as read:
        getattr(package, name)
    with pytest.raises(OpiksOwn) as imported:
        exec(f"from {module} import {name}", {})
    assert isinstance(imported.value, (UnsupportedArgument, ImportError))
    assert str(imported.value) == str(read.value)
    assert f"{name!r}" in str(read.value)
    assert there in str(read.value)
    assert "\n" not in str(read.value)


@pytest.mark.parametrize("module", ["opik_resume", "opik_resume.evaluation", "opik_resume.metrics"])
def test_a_name_of_nobody_is_a_plain_error(module: str) -> None:
    with pytest.raises(AttributeError, match=f"module '{module}' has no attribute 'nobodys'$"):
        importlib.import_module(module).nobodys  # noqa: B018
    with pytest.raises(ImportError, match="cannot import name 'nobodys'"):
        exec(f"from {module} import nobodys", {})
