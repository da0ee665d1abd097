"""Finds a Chromium, or installs one. Prints its path.

    python3 -m tools.browser

Looks at $CHROMIUM_PATH, the usual names on PATH, the usual places, and Playwright's own cache; then tries Debian's
package, then Playwright's download.
"""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

from tools.system import VENV_BIN, apt_install, give_up, run, say, version_of
from tools.venv import VENV

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
PLACES = (
    "/usr/bin/chromium",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
)
CACHES = ("~/.cache/ms-playwright", "~/Library/Caches/ms-playwright")
IN_CACHE = ("chromium-*/chrome-linux*/chrome", "chromium-*/chrome-mac*/*.app/Contents/MacOS/*")


def main() -> None:
    print(find_or_install())


def find_or_install() -> str:
    """The path of a Chromium that runs."""
    named = os.environ.get("CHROMIUM_PATH")
    if named:
        if runs(named):
            return named
        raise give_up(f"CHROMIUM_PATH is {named}, which does not run.")
    return find() or install()


def find() -> str | None:
    return next(filter(runs, candidates()), None)


def candidates() -> Iterator[str]:
    yield from filter(None, map(shutil.which, NAMES))
    yield from PLACES
    for cache in (os.environ.get("PLAYWRIGHT_BROWSERS_PATH") or "", *CACHES):
        for pattern in IN_CACHE:
            yield from map(str, sorted(Path(cache or "/nowhere").expanduser().glob(pattern), reverse=True))


def runs(path: str) -> bool:
    # Asked, not only looked for: Ubuntu's chromium-browser may be a note that tells to install a snap.
    return version_of(path, "--version") != ""


def install() -> str:
    say("No Chromium here.")
    if sys.platform == "linux" and apt_install("chromium") and (found := find()):
        return found
    say("Trying Playwright's own Chromium …")
    if run(VENV / VENV_BIN / "python", "-m", "playwright", "install", "chromium") and (found := find()):
        return found
    raise give_up(
        "There is no Chromium, and neither Debian's package nor Playwright's download could be had (see above). The "
        "browser tests need one: install Chromium or Chrome, or set CHROMIUM_PATH to one."
    )


if __name__ == "__main__":
    main()
