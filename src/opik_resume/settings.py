"""Where the local file is, and what is the default."""

from __future__ import annotations

import os
from pathlib import Path

import platformdirs

DATABASE_VARIABLE = "OPIK_RESUME_DB"
_FILE_NAME = "experiments.sqlite3"


def database_path() -> Path:
    """The file of the embedded store: ``$OPIK_RESUME_DB``, else in the user's data folder, never the working folder."""
    configured = os.environ.get(DATABASE_VARIABLE, "").strip()
    if configured:
        return Path(configured).expanduser().absolute()
    return platformdirs.user_data_path("opik-resume", appauthor=False) / _FILE_NAME
