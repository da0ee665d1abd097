"""Drives our widget in a page, by the hooks that the front end promises."""

from __future__ import annotations

import json
from pathlib import Path

from playwright.sync_api import Locator, Page

SECONDS = 60.0


class Widget:
    """One widget in a page: the ``nth`` of them, in the order of the notebook."""

    def __init__(self, page: Page, nth: int = 0) -> None:
        self.page = page
        self.root: Locator = page.locator(".oprs-root").nth(nth)

    def wait_ready(self, seconds: float = SECONDS) -> None:
        """Its buttons work: the kernel has answered."""
        self._wait_for('[data-ready="true"]', seconds)

    def wait_active(self, seconds: float = SECONDS) -> None:
        self._wait_for('[data-active="true"]', seconds)

    def wait_outcome(self, outcome: str, seconds: float = SECONDS) -> None:
        """The resume has ended: ``finished``, ``stopped`` or ``broken``."""
        self._wait_for(f'[data-active="false"][data-outcome="{outcome}"]', seconds)

    def _wait_for(self, attributes: str, seconds: float) -> None:
        self.root.and_(self.page.locator(f".oprs-root{attributes}")).wait_for(timeout=seconds * 1000)

    def choose(self, name: str) -> None:
        """Open an experiment of the list."""
        row = self.root.locator(".oprs-row", has=self.page.get_by_text(name, exact=True)).first
        row.click()
        self._wait_for(f'[data-experiment="{row.get_attribute("data-id")}"]', SECONDS)
        self.root.locator("[data-geometry]").wait_for()

    @property
    def resume(self) -> Locator:
        return self.root.locator(".oprs-resume")

    @property
    def stop(self) -> Locator:
        return self.root.locator(".oprs-stop")

    def count(self, state: str) -> int:
        """How many cells are in a state, by the legend."""
        text = self._count(state).inner_text()
        return int("".join(filter(str.isdigit, text)) or 0)

    def wait_count(self, state: str, condition: str, seconds: float = SECONDS) -> int:
        """Wait until the legend's count ``n`` fulfils a condition, in JavaScript: ``"n > 3"``."""
        self._count(state).wait_for()
        self.page.wait_for_function(
            f"element => {{ const n = Number(element.textContent.replace(/\\D/g, '')); return {condition}; }}",
            arg=self._count(state).element_handle(), timeout=seconds * 1000,
        )  # fmt: skip
        return self.count(state)

    def _count(self, state: str) -> Locator:
        return self.root.locator(f'.oprs-legend [data-state="{state}"] .oprs-count')

    def click_cell(self, cell: int) -> None:
        """Click the middle of a cell, and wait until it is shown."""
        heatmap = self.root.locator("[data-geometry]")
        x, y = centre(json.loads(heatmap.get_attribute("data-geometry") or "{}"), cell)
        canvas = heatmap.locator("canvas").first
        canvas.scroll_into_view_if_needed()
        canvas.click(position={"x": x, "y": y}, force=True)  # force: a second canvas lies over it
        self.root.locator(f'.oprs-inspector[data-cell="{cell}"] [role=tab]').first.wait_for()

    def tab(self, name: str) -> str:
        """Open a tab of the inspector; returns what it shows."""
        self.root.get_by_role("tab", name=name).click()
        return self.root.locator("[role=tabpanel]").inner_text()

    def picture(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self.root.scroll_into_view_if_needed()
        self.root.screenshot(path=path)


def centre(geometry: dict[str, float], cell: int) -> tuple[float, float]:
    """The middle of a cell, from the top left of the canvas, when all items have as many trials."""
    trials, rows = int(geometry["trials"]), int(geometry["rows"])
    item, trial = divmod(cell, trials)
    block, row = divmod(item, rows)
    x = geometry["left"] + block * geometry["blockWidth"] + (trial + 0.5) * geometry["cellWidth"]
    return x, geometry["top"] + (row + 0.5) * geometry["cellHeight"]
