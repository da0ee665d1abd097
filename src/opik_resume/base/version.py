"""The version of this package, which a server is told."""

__version__ = "0.1.0"
