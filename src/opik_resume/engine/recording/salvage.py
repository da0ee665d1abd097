"""Finished attempts that the store did not take, for the user: here, and in a file that brings them back."""

from __future__ import annotations

import os
import tempfile
import threading
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from opik_resume.base.records import Attempt
from opik_resume.base.text import redaction
from opik_resume.base.text.lines import to_line

logger = redaction.logger(__name__)


class Salvage:
    """What one run could not record, written beside the store or, where that is not possible, in the folder for temporary files.

    Args:
        folder: the store's.
        run_id: names the file.
    """

    def __init__(self, folder: Path, run_id: str) -> None:
        self.path: Path | None = None  # the file that has all of them; None: they are only here
        self._folders = (folder, Path(tempfile.gettempdir()))
        self._name = f"opik-resume-unrecorded-{run_id}.jsonl"
        self._kept: dict[str, Attempt] = {}
        self._lock = threading.Lock()  # guards the two that change: the recorder and the exit of the process come here

    @property
    def attempts(self) -> list[Attempt]:
        with self._lock:
            return list(self._kept.values())

    @property
    def sentence(self) -> str | None:
        """What to tell the user; None when there is nothing."""
        count = len(self._kept)
        if not count:
            return None
        runs = "1 finished run could not be stored" if count == 1 else f"{count} finished runs could not be stored"
        if self.path is None:
            return f"{runs}, nor written to a file: only .unrecorded of the exception has them."
        return (
            f"{runs}: see {self.path}. Once the store can be written, opik_resume.recover({str(self.path)!r}) brings back "
            "what was returned, and nothing is paid twice."
        )

    def keep(self, attempts: Sequence[Attempt]) -> None:
        """Add these, in the file as well."""
        with self._lock:
            if not attempts:
                return
            self._kept.update((attempt.id, attempt) for attempt in attempts)
            self.path = next((path for folder in self._folders if (path := self._written(folder))), None)

    def _written(self, folder: Path) -> Path | None:
        path = folder / self._name
        try:
            # What a task returned is its user's: the folder for temporary files is everybody's.
            with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
                file.writelines(f"{to_line(attempt)}\n" for attempt in self._kept.values())
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            logger.warning("opik-resume: %s could not be written: %s", path, error)
            with suppress(OSError):  # half of it would only mislead
                path.unlink()
            return None
        return path
