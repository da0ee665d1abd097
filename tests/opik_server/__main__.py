"""``python -m tests.opik_server``: serve in a process of its own until standard input ends. The first line is the URL."""

from __future__ import annotations

import argparse
import sys

from tests.opik_server import OpikServer

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("--latency", type=float, default=0.0, help="seconds added to every request")
parser.add_argument(
    "--check", action="store_true", help="validate against the API document, report problems at the end"
)
options = parser.parse_args()

with OpikServer(check=options.check) as server:
    server.latency = options.latency
    print(server.url, flush=True)
    sys.stdin.read()
for problem in server.problems:
    print(problem, file=sys.stderr)
sys.exit(bool(server.problems))
