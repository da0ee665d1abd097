"""Helpers for setting up, demonstrating and testing. Those of the set-up use only the standard library."""
