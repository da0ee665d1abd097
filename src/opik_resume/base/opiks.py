"""What stays the ``opik`` package's own: one sentence for each name says where it is. Both are used side by side."""

from __future__ import annotations

_TOP = {
    "tracing": (
        "track", "flush_tracker", "opik_context", "context_storage", "project_context", "start_as_current_span",
        "start_as_current_trace", "update_current_span", "update_current_trace", "set_tracing_active", "is_tracing_active",
        "reset_tracing_to_config_default", "record_traces_locally", "Trace", "Span", "Attachment", "LLMProvider",
        "FlushResult", "FailedMessageInfo", "FailureReason", "ErrorsReport",
    ),
    "the client of everything else on a server": (
        "Opik", "get_global_client", "set_global_client", "configure", "Environment", "analytics", "dashboard", "Dashboard",
        "DashboardValidationError", "TracesAnnotationQueue", "ThreadsAnnotationQueue", "ExperimentItemBulkRecord",
        "ExperimentItemBulkSpan", "ExperimentItemBulkTrace", "ExperimentItemContent", "ExperimentItemReferences",
        "rest_api", "api_objects", "types", "config", "cli",
    ),
    "prompts": ("Prompt", "ChatPrompt", "PromptType"),
    "agents": ("Config", "ConfigNotFound", "ConfigMismatch", "agent_config_context"),
    "test suites": ("TestSuite", "TestSuiteResult", "run_tests", "llm_unit"),
    "simulation": ("SimulatedUser", "run_simulation", "simulation"),
    "guardrails": ("guardrails",),
}  # fmt: skip
_EVALUATION = {
    "test suites": ("run_tests", "suite_evaluators"),
    "evaluating threads": ("evaluate_threads", "threads"),
    "optimisation": ("evaluate_optimization_trial",),
    "its chat models": ("models",),
}
_METRICS = "opik.evaluation.metrics"


def of_top(name: str) -> str | None:
    """Where a name of ``opik`` is that ``opik_resume`` does not have; None for a name of nobody."""
    return _found(name, _TOP, "opik_resume", "opik")


def of_evaluation(name: str) -> str | None:
    """The same for ``opik.evaluation``."""
    return _found(name, _EVALUATION, "opik_resume.evaluation", "opik.evaluation")


def of_metrics(name: str) -> str | None:
    """The same for ``opik.evaluation.metrics``, whose names are many: whatever is called like a class may be one."""
    if not name[:1].isupper() and name != "conversation_types":
        return None
    return (
        f"opik_resume has no metric {name!r} of its own: take the opik package's, `from {_METRICS} import {name}`, and pass "
        "it to evaluate() unchanged."
    )


def _found(name: str, groups: dict[str, tuple[str, ...]], here: str, there: str) -> str | None:
    what = next((what for what, names in groups.items() if name in names), None)
    if what is None:
        return None
    return f"{here} has no {name!r}: {what} stays with the opik package, to be used beside it: {there}.{name}."
