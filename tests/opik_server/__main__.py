"""``python -m tests.opik_server``: serve in a process of its own until standard input ends. The first line is the URL.

With ``--experiment 10000 5000`` there is an experiment of so many items of which so many have been run; its id is the
next line.
"""

from __future__ import annotations

import argparse
import gc
import sys

from tests.opik_server import OpikServer
from tests.opik_server.filling import fill

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("--latency", type=float, default=0.0, help="seconds added to every request")
parser.add_argument("--remember", action="store_true", help="answers again as before, until something is written")
parser.add_argument(
    "--check", action="store_true", help="validate against the API document, report problems at the end"
)
parser.add_argument(
    "--experiment", type=int, nargs=2, action="append", default=[], metavar=("ITEMS", "COMPLETE"), help="is there"
)
options = parser.parse_args()

gc.disable()  # the tables are large and hold no cycles: looking for some would be most of the work
with OpikServer(check=options.check, remember=options.remember) as server:
    filled = [fill(server, *each) for each in options.experiment]
    server.forget_requests()
    server.latency = options.latency
    print(server.url, *filled, sep="\n", flush=True)
    sys.stdin.read()
for problem in server.problems:
    print(problem, file=sys.stderr)
sys.exit(bool(server.problems))
