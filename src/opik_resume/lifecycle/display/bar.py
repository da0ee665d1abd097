"""Progress as one line that is drawn again and again: plain tqdm on stderr, drawn by the thread that waits for the run."""

from __future__ import annotations

import math

from opik_resume.base.process.streams import Stream
from opik_resume.engine.events import Event
from opik_resume.lifecycle.display.standing import Standing

_DRAW_SECONDS = 0.1


class Bar:
    """``my-experiment:  45%|████▌     | 90/200 [00:12<00:14,  7.5run/s, 3 failed, $0.12, backing off 12 s]``"""

    seconds: float | None = _DRAW_SECONDS

    def __init__(self, standing: Standing) -> None:
        from tqdm import tqdm

        self._standing = standing
        self._bar = tqdm(
            total=standing.total,
            desc=standing.name,
            unit="run",
            file=Stream(),
            dynamic_ncols=True,
            mininterval=0,
            miniters=1,
        )
        self._second = 0

    def __call__(self, event: Event) -> None:
        self._standing(event)

    def tick(self) -> None:
        """Draw what has changed, and once a second in any case: what runs for long is seen to live."""
        more = self._standing.done - self._bar.n
        said = ", ".join(self._standing.troubles())
        second = math.floor(self._standing.seconds)
        changed = said != (self._bar.postfix or "") or second != self._second
        self._second = second
        self._bar.set_postfix_str(said, refresh=False)
        if not self._bar.update(more) and changed:
            self._bar.refresh()

    def close(self) -> None:
        self.tick()
        self._bar.close()
