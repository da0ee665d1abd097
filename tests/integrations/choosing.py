"""What is evaluated of a dataset by ways of choosing that leave little or nothing: by the SDK, or by us in its place.

Prints, by way, the items that were run, in the order of the results, whether there were warnings, and the experiment's id.
"""

from __future__ import annotations

import json
import logging
import sys
from typing import Any

import opik

if sys.argv[1] == "ours":
    from opik_resume import evaluate
else:
    from opik import evaluate  # type: ignore[assignment]

STRANGER = "01890000-0000-7000-8000-00000000000a"
NEVER = 'created_at >= "2999-01-01T00:00:00Z"'
ALWAYS = 'created_at >= "2020-01-01T00:00:00Z"'


class Drawer:
    def __init__(self, count: int) -> None:
        self.count = count

    def sample(self, data_items: list[Any]) -> list[Any]:
        return data_items[: self.count]


class Counter(logging.Handler):
    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.said = 0

    def emit(self, record: logging.LogRecord) -> None:
        self.said += 1


def task(item: dict[str, Any]) -> dict[str, Any]:
    return {"output": str(item["n"])}


def main() -> None:
    client, counter = opik.Opik(), Counter()
    for name in ("opik", "opik_resume"):
        logging.getLogger(name).addHandler(counter)
    client.create_dataset("empty")
    emptied, full = client.create_dataset("emptied"), client.create_dataset("full")
    for dataset in (emptied, full):
        dataset.insert([{"n": n} for n in range(3)])
    emptied.clear()
    known = full.get_items()[1]["id"]
    ways: dict[str, tuple[str, dict[str, Any]]] = {
        "all": ("full", {}),
        "of an empty dataset": ("empty", {}),
        "of one that was emptied": ("emptied", {}),
        "a filter that matches nothing": ("full", {"dataset_filter_string": 'data.n = "77"'}),
        "tags that nobody has": ("full", {"dataset_filter_string": 'tags contains "x"'}),
        "a time to come": ("full", {"dataset_filter_string": NEVER}),
        "a time long ago": ("full", {"dataset_filter_string": ALWAYS}),
        "one known id of two": ("full", {"dataset_item_ids": [STRANGER, known]}),
        "no known id": ("full", {"dataset_item_ids": [STRANGER]}),
        "a sampler that draws nothing": ("full", {"dataset_sampler": Drawer(0)}),
        "a sampler of an empty dataset": ("empty", {"dataset_sampler": Drawer(2)}),
    }
    told = {}
    for way, (name, more) in ways.items():
        counter.said = 0
        result = evaluate(client.get_dataset(name), task, experiment_name=way, verbose=0, task_threads=1, **more)
        ran = [run.test_case.task_output["output"] for run in result.test_results]
        told[way] = [ran, counter.said > 0, result.experiment_id]
    print(json.dumps(told))


if __name__ == "__main__":
    main()
