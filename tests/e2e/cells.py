"""Cells of code that several tests run."""

# Items, a metric, and a task whose runs take a moment each. The item "bad" fails as long as the file `broken` is there.
SETUP = """
import pathlib, time
from opik_resume import browse, create_dataset, evaluate, experiments
from opik_resume.exceptions import EvaluationInterrupted
from opik_resume.metrics import Equals

pause = 0.0
broken = True

def answer(item):
    time.sleep(pause)
    if broken and item["input"] == "question 3":
        raise TimeoutError("the model did not answer in time")
    return {"output": item["input"].upper()}

equals = Equals(name="equals")
"""

# 20 items × 2 trials; the four runs of "question 3" and the one after it are what is left to do.
EVALUATE = """
dataset = create_dataset("questions")
dataset.insert([{"input": f"question {n}", "reference": f"QUESTION {n}", "half": n // 10} for n in range(20)])
result = evaluate(dataset, answer, [equals], experiment_name="trial run", trial_count=2, task_threads=4, verbose=0)
len(result.failures)
"""

# Interrupted in the middle by ourselves: most of it is left to do.
INTERRUPTED = """
import os, signal, threading
dataset = create_dataset("questions")
dataset.insert([{"input": f"question {n}", "reference": f"QUESTION {n}"} for n in range(40)])
pause, broken = 0.1, False
threading.Timer(0.7, os.kill, [os.getpid(), signal.SIGINT]).start()
try:
    evaluate(dataset, answer, [equals], experiment_name="cut short", trial_count=2, task_threads=4, verbose=0)
except EvaluationInterrupted as interruption:
    print(interruption)
"""

BROWSE = "browse(task=answer, scoring_metrics=[equals], task_threads=2)"

# Prints the numbers of the failed cells, as the widget counts them.
FAILED_CELLS = """
from opik_resume.base.records import CellState
from opik_resume.experiment.reading import find_experiment, read_experiment
from opik_resume.stores import default_store
grid = read_experiment(find_experiment({name!r}, default_store()), default_store()).grid
print([n for n, state in enumerate(grid.states) if state == CellState.task_failed])
"""
