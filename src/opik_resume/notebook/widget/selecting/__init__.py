"""Runs that are selected: as Python sees them, and as they travel."""
