"""The real ``opik`` package, to compare with: imported without telemetry and without the configuration of this machine."""

from __future__ import annotations

import os

os.environ.update(
    OPIK_ANALYTICS_ENABLE="false", OPIK_CONFIG_PATH=os.devnull, OPIK_SENTRY_ENABLE="false", OPIK_TRACK_DISABLE="true"
)

import opik
import opik.evaluation
from opik.api_objects.dataset.dataset_item import DatasetItem, ExecutionPolicyItem
from opik.api_objects.opik_query_language import OpikQueryLanguage
from opik.evaluation import metrics, samplers

# The variable above is gone while a test runs (see conftest.py): without this, metrics would be traced to the cloud.
opik.set_tracing_active(False)

__all__ = ["DatasetItem", "ExecutionPolicyItem", "OpikQueryLanguage", "metrics", "opik", "samplers"]
