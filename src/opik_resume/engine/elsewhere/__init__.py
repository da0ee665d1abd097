"""Runs on an executor of the user's: a process pool, a cluster. Task and metrics are called there, all else stays here."""
