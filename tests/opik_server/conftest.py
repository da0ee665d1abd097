from __future__ import annotations

from tests.opik_server.fixtures import api, server

__all__ = ["api", "server"]
