"""What programs and tests share: to be imported without the ``opik`` package."""

from __future__ import annotations

import logging

OWN = "traces of the program"  # a project
EMBEDDED = "traces of runs in the file"  # another one


class Heard(logging.Handler):
    """Keeps what our package warns of from now on."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.sentences: list[str] = []
        logging.getLogger("opik_resume").addHandler(self)

    def emit(self, record: logging.LogRecord) -> None:
        self.sentences.append(record.getMessage())
