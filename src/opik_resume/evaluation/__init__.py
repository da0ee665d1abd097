"""What a user calls: evaluate, resume, score again, and look after experiments. Opik's own name for the same room."""

from typing import TYPE_CHECKING

from opik_resume.base.lazy import loader

if TYPE_CHECKING:
    from opik_resume.evaluation.evaluator import evaluate
    from opik_resume.evaluation.rescore import evaluate_experiment
    from opik_resume.evaluation.resume import evaluate_resume, plan_resume

__all__ = ["evaluate", "evaluate_experiment", "evaluate_resume", "plan_resume"]

_HOMES = {
    "evaluate": "evaluator",
    "evaluate_experiment": "rescore",
    "evaluate_resume": "resume",
    "plan_resume": "resume",
}

__getattr__ = loader(__name__, _HOMES)
