"""What a handler works with: one workspace's tables and its pre-computed views."""

from __future__ import annotations

from dataclasses import dataclass, field

from tests.opik_server.serving.wire import Answer
from tests.opik_server.tables.aggregates import Aggregates
from tests.opik_server.tables.state import State


@dataclass
class Context:
    state: State
    prefix: str  # of the paths in Location headers
    aggregates: Aggregates = field(init=False)

    def __post_init__(self) -> None:
        self.aggregates = Aggregates(self.state)

    def created(self, collection: str, id_: str) -> Answer:
        return Answer(201, headers={"Location": f"{self.prefix}/v1/private/{collection}/{id_}"})
