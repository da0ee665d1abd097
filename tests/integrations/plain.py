"""A user's program that does not import ``opik`` at its start: ``python plain.py without|inside|unusable|quiet``."""

from __future__ import annotations

import json
import sys
from types import ModuleType
from typing import Any

from opik_resume import connect, evaluate
from opik_resume.metrics import Equals
from tests.builders import numbers
from tests.integrations.shared import Heard


def answer(item: dict[str, Any]) -> dict[str, Any]:
    return {"output": item["reference"]}


def answer_with_the_package(item: dict[str, Any]) -> dict[str, Any]:
    import opik

    @opik.track
    def found(text: str) -> str:
        return text

    return {"output": found(item["reference"])}


def main(how: str) -> None:
    if how == "without":
        sys.modules["opik"] = None  # type: ignore[assignment]  # from here on importing it fails
    if how == "unusable":
        sys.modules["opik"] = ModuleType("opik")  # something else of that name, or a version from long ago
    heard = Heard()
    task = answer_with_the_package if how == "inside" else answer
    result = evaluate(numbers(connect(), 3), task, [Equals()], experiment_name=how, verbose=0, task_threads=1)
    imported = [name for name in sys.modules if name.partition(".")[0] == "opik" and sys.modules[name] is not None]
    print(json.dumps({"complete": result.complete, "imported": len(imported), "heard": heard.sentences}))


if __name__ == "__main__":
    main(sys.argv[1])
