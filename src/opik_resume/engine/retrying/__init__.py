"""Calling a task again: which failures are worth it, how long to wait before, and what is kept of each try."""
