"""A callable as named parts of text, and what two of them differ in. Pure."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property

MAX_TEXT = 20_000
"""Characters of one part that are kept to be shown; its digest is of all of it."""
SCHEME = "b"
"""How fingerprints are made, as a letter: what was made in another way is not compared."""
UNREAD = "~"
BYTECODE = "bytecode"  # begins the label of what stands for a source that could not be read, and names the Python


@dataclass(frozen=True)
class Fingerprint:
    """What a callable was made of.

    ``parts`` are texts by label: ``source of answer``, ``MODEL`` of ``answer``, ``settings``. ``digests`` are of what is
    compared, by the same labels: a source is compared without its comments, docstrings and layout.
    """

    name: str
    parts: Mapping[str, str] = field(default_factory=dict)
    digests: Mapping[str, str] = field(default_factory=dict)

    @property
    def digest(self) -> str:
        """16 hexadecimal digits that stand for all of it."""
        return digest_of("\n".join(f"{label}\t{digest}" for label, digest in sorted(self.digests.items())))

    @cached_property
    def mark(self) -> str:
        """Eight characters that stand for it; one more at the end says that not every source could be read."""
        unread = any(label.startswith(BYTECODE) for label in self.digests)
        return mark_of(self.digest, unread=unread)


def mark_of(digest: str, *, unread: bool) -> str:
    """A digest in short, and what has to be known of it to compare it."""
    return f"{SCHEME}{digest[:7]}{UNREAD if unread else ''}"


def comparable(one: str, other: str) -> bool:
    """Whether two marks that are not the same tell that what they stand for is not the same."""
    return one[:1] == other[:1] and not one.endswith(UNREAD) and not other.endswith(UNREAD)


def digest_of(text: str) -> str:
    """16 hexadecimal digits of a text."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16]


def differs(before: Fingerprint, after: Fingerprint) -> list[str]:
    """The labels of what is not the same. What one of them could not read is not taken for a difference."""
    return list(_differing(before, after))


def _differing(before: Fingerprint, after: Fingerprint) -> Iterator[str]:
    unread = {_subject(label) for each in (before, after) for label in each.digests if label.startswith(BYTECODE)}
    for label in dict.fromkeys((*before.digests, *after.digests)):
        one, other = before.digests.get(label), after.digests.get(label)
        known = one is not None and other is not None
        if one != other and (known or _subject(label) not in unread):
            yield label


def _subject(label: str) -> str:
    """The function that a label is about, where it is about the code of one."""
    return label.partition(" of ")[2]


def diff(before: Fingerprint, after: Fingerprint) -> str:
    """A unified diff of what is not the same; empty when nothing is."""
    import difflib

    lines: list[str] = []
    for label in differs(before, after):
        one, other = before.parts.get(label, ""), after.parts.get(label, "")
        lines += difflib.unified_diff(
            one.splitlines(), other.splitlines(), f"{label}, as it was", f"{label}, now", lineterm=""
        )
    return "\n".join(lines)
