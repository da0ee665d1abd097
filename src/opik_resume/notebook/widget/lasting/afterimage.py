"""Keeps current what stays when the kernel is gone: the picture beside the widget, and what its saved copy shows.

The picture is an output of its own, with a display id. To update the widget's own output would make JupyterLab create
the view anew: focus, scroll and selection would be gone. A live view hides the picture beside it.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from opik_resume.base.ids import new_id
from opik_resume.base.records import Json
from opik_resume.base.text import redaction
from opik_resume.notebook.widget.lasting.saved import Lasting

log = redaction.logger(__name__)
Publish = Callable[..., None]


def publish(data: Json, display_id: str, *, update: bool) -> None:
    """One output of the cell that runs, or what an earlier one is replaced by."""
    from IPython.display import publish_display_data

    publish_display_data(data, transient={"display_id": display_id}, update=update)


class Afterimage:
    """The pictures of one widget, one for each time that it was displayed.

    Args:
        draw: makes what is shown; ``hurried`` when somebody waits for it.
        keep: takes what the saved copy shows.
        publish: see :func:`publish`.

    Attributes:
        name: the class of the element around the picture, by which a view hides it.
    """

    def __init__(
        self, draw: Callable[[bool], Lasting], keep: Callable[[Json], None], publish: Publish = publish
    ) -> None:
        self.name = ""
        self._draw = draw
        self._keep = keep
        self._publish = publish
        self._one = threading.Lock()  # one drawing at a time: what is told last is the newest
        self._lock = threading.Lock()  # guards what follows
        self._displays: list[str] = []
        self._working = self._again = self._closed = False

    def display(self) -> None:
        """Show the picture below the widget, which is being displayed."""
        with self._one:
            drawn, display_id = self._draw(True), new_id()
            self._keep(drawn.saved)
            self._publish(self._bundle(drawn), display_id, update=False)
        with self._lock:
            self._displays.append(display_id)
        if not drawn.whole:
            self.old()

    def old(self) -> None:
        """Something has changed: draw it anew soon, on a thread of its own. Quick."""
        with self._lock:
            if self._closed or self._working:
                self._again = True
                return
            self._working = True
        threading.Thread(target=self._work, name="opik-resume picture", daemon=True).start()

    def refresh(self) -> None:
        """Draw it anew now: whoever runs a notebook takes no output after the end of its cell."""
        with self._one:
            drawn = self._draw(False)
            self._keep(drawn.saved)
            with self._lock:
                displays = list(self._displays)
            for display_id in displays:
                self._publish(self._bundle(drawn), display_id, update=True)

    def close(self) -> None:
        """Draw nothing more."""
        self._closed = True

    def _work(self) -> None:
        while True:
            try:
                self.refresh()
            except Exception:  # a store that was closed, a connection that broke: the old picture stays
                log.info("The picture could not be drawn", exc_info=True)
            with self._lock:
                if not self._again or self._closed:
                    self._working = False
                    return
                self._again = False

    def _bundle(self, drawn: Lasting) -> Json:
        bundle: dict[str, Any] = drawn.bundle()
        if drawn.page is not None:
            bundle["text/html"] = f'<div class="{self.name}">{drawn.page}</div>'
        return bundle
