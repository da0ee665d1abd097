"""Which function answers which endpoint, by the path templates of the API document."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tests.opik_server.serving.wire import Answer, Request, coded

if TYPE_CHECKING:
    from tests.opik_server.tables.context import Context

Handler = Callable[["Context", Request], Answer]


@dataclass
class Routes:
    table: dict[tuple[str, str], tuple[re.Pattern[str], Handler]] = field(default_factory=dict)

    def add(self, method: str, template: str) -> Callable[[Handler], Handler]:
        pattern = re.compile(re.sub(r"\\{(\w+)\\}", r"(?P<\1>[^/]+)", re.escape(template)) + "/?")

        def register(handler: Handler) -> Handler:
            self.table[method, template] = (pattern, handler)
            return handler

        return register

    def find(self, request: Request) -> Handler:
        """The handler; fills in the request's route. A literal path wins over one with parameters."""
        candidates = sorted(self.table.items(), key=lambda entry: entry[0][1].count("{"))
        for (method, template), (pattern, handler) in candidates:
            found = pattern.fullmatch(request.path) if method == request.method else None
            if found:
                request.route, request.params = template, found.groupdict()
                return handler
        raise coded(404, "HTTP 404 Not Found")


routes = Routes()
"""All endpoints; the modules that answer them register here when ``backend`` imports them."""
