"""What Tab offers against what the magic takes."""

from __future__ import annotations

from opik_resume.notebook.magics.commands import ResumeMagics
from opik_resume.notebook.magics.completion import OPTIONS


def test_every_option_of_the_magic_is_offered() -> None:
    parser = ResumeMagics.opik_resume.parser
    taken = {name for action in parser._actions for name in action.option_strings if name.startswith("--")}
    assert taken == set(OPTIONS)
