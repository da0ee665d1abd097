"""``notebooks/rate_limits.ipynb``, run from its top as nobody watches."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

from tools import notebooks


def test_it_is_refused_in_vain_and_pays_for_each_run_once(tmp_path: Path) -> None:
    copied = tmp_path / "rate_limits.ipynb"
    shutil.copy(notebooks.FOLDER / copied.name, copied)
    notebooks.write(copied)
    cells = json.loads(copied.read_text(encoding="utf-8"))["cells"]
    told = {cell["id"].rpartition("-")[2]: json.dumps(cell["outputs"]) for cell in cells if "outputs" in cell}
    assert "80 of 80 runs complete" in told["03"]
    counts = re.search(r"\((\d+), (\d+)\)", told["05"])
    assert counts is not None
    assert (int(counts[1]), int(counts[2]) > 0) == (80, True)
    assert "of 16 at work" in told["07"]
    assert "RateLimitError" in told["09"]
    assert "80 of 80 runs complete" in told["14"]
    assert '"160"' in told["15"]
