"""A real Opik server as a store, over its REST API. Nothing outside this package knows the server's JSON names."""

from opik_resume.stores.opik.store import OpikStore

__all__ = ["OpikStore"]
