"""A faithful stand-in of Opik's REST API, as far as evaluations go, on a real socket, with faults to inject.

    with OpikServer() as server, Api(server.url) as api:
        server.faults.add(faults.rate_limited(reset=1), faults.to("POST", "/traces/batch"), times=2)
        server.aggregates.build(experiment_id)  # from here on compare and lists lag
        server.aggregates.lag(1.0)  # or: all views appear and lag by themselves, by 1 second instead of 65
        server.faults.add(*missing.experiment(experiment_id), times=2)  # it is there, but two GETs say 404
        server.asked("POST", "/traces/batch")[0].body
        assert server.problems == []

`api` is a plain client to put things there; `sdk` runs the real package in a process of its own; ``python -m
tests.opik_server`` serves in one. The data is in `server.state`, a table a name.
"""

from tests.opik_server.serving.server import OpikServer

__all__ = ["OpikServer"]
