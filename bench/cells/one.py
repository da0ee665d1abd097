"""``python -m bench.cells.one WHAT FILE CELLS``: one figure, printed as JSON."""

from __future__ import annotations

import json
import sys

from bench.cells import others, ours
from bench.subjects import peak_megabytes


def main(what: str, path: str, cells: str) -> None:
    if what in others.SUBJECTS:
        seconds = others.SUBJECTS[what](path, int(cells))
    else:
        from opik_resume import connect

        seconds = ours.SUBJECTS[what](connect(path), int(cells))
    print(json.dumps({"seconds": seconds, "megabytes": peak_megabytes()}))


if __name__ == "__main__":
    main(*sys.argv[1:])
