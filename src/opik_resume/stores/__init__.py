"""Stores: one protocol, two of them. ``connect(target)`` opens one and makes it the process's default."""

from opik_resume.stores.connections import close_all, connect, default_store, open_store

__all__ = ["close_all", "connect", "default_store", "open_store"]
