"""What a user calls: evaluate, resume, score again, and look after experiments. Opik's own name for the same room."""

from typing import TYPE_CHECKING

from opik_resume.base import opiks
from opik_resume.base.lazy import loader
from opik_resume.base.records import ErrorTolerance

if TYPE_CHECKING:
    from opik_resume.evaluation import evaluation_result, metrics, samplers, test_result
    from opik_resume.evaluation.awaiting import aevaluate, aevaluate_experiment, aevaluate_resume
    from opik_resume.evaluation.dict_items import evaluate_on_dict_items
    from opik_resume.evaluation.evaluator import evaluate
    from opik_resume.evaluation.prompting import evaluate_prompt, prompt_task
    from opik_resume.evaluation.rescore import evaluate_experiment
    from opik_resume.evaluation.resume import evaluate_resume, plan_resume

__all__ = [
    "ErrorTolerance",
    "aevaluate",
    "aevaluate_experiment",
    "aevaluate_resume",
    "evaluate",
    "evaluate_experiment",
    "evaluate_on_dict_items",
    "evaluate_prompt",
    "evaluate_resume",
    "evaluation_result",
    "metrics",
    "plan_resume",
    "prompt_task",
    "samplers",
    "test_result",
]

_HOMES = {
    "aevaluate": "awaiting",
    "aevaluate_experiment": "awaiting",
    "aevaluate_resume": "awaiting",
    "evaluate": "evaluator",
    "evaluate_experiment": "rescore",
    "evaluate_on_dict_items": "dict_items",
    "evaluate_prompt": "prompting",
    "evaluate_resume": "resume",
    "evaluation_result": "evaluation_result",
    "metrics": "metrics",
    "plan_resume": "resume",
    "prompt_task": "prompting",
    "samplers": "samplers",
    "test_result": "test_result",
}

__getattr__ = loader(__name__, _HOMES, opiks.of_evaluation)
