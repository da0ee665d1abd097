"""The built front end: one ESM and one CSS file, made by the build and shipped in the wheel."""

from __future__ import annotations

from pathlib import Path

from opik_resume.exceptions import FrontEndMissing

STATIC = Path(__file__).parent / "static"


def bundled(name: str) -> str:
    """The text of one built file, read when the first widget is made. Raises FrontEndMissing when it is not built."""
    path = STATIC / name
    if not path.is_file():
        raise FrontEndMissing(
            f"The widget's front end is not built: there is no {name}. In a checkout, run `make build` "
            "(or `npm ci && npm run build` in js/); an installed package always has it."
        )
    return path.read_text(encoding="utf-8")
