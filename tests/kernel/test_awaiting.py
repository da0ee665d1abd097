"""What ``aevaluate`` began is resumed on the kernel's own loop, or it is said why not before anything is paid for."""

from __future__ import annotations

from tests.kernel.harness import Kernel

BEGUN = """
import asyncio
from opik_resume import aevaluate, create_dataset
made = create_dataset("awaited")
made.insert([{{"n": n}} for n in range(3)])
seen, broken = [], True
async def asked(item):
    seen.append(asyncio.get_running_loop())
    if broken:
        raise ValueError("not yet")
    return {{"output": str(item["n"])}}
begun = await aevaluate(made, asked, experiment_name={name!r}, verbose=0)
broken = False
"""


def test_a_line_that_blocks_says_so_and_the_background_runs_it_on_the_kernels_loop(kernel: Kernel) -> None:
    kernel.run(BEGUN.format(name="begun here"))
    said = kernel.fails('%opik_resume "begun here"')
    assert "await aevaluate_resume" in said
    assert kernel.value("len(seen)") == "3", "nothing was called"
    kernel.run(
        "from opik_resume import plan_resume\n"
        "from opik_resume.lifecycle.registry import used_in_process\n"
        "from opik_resume.notebook.background.desk import desk\n"
        "from opik_resume.stores.connections import default_store\n"
        "run = desk.prepare(plan_resume(begun.experiment_id), used_in_process(begun.experiment_id), store=default_store())\n"
        "run.start()\n"
        "while run.active: await asyncio.sleep(0.01)\n"
    )
    assert (
        kernel.value("(run.outcome, len(seen), set(seen) == {asyncio.get_running_loop()})") == "('finished', 6, True)"
    )
