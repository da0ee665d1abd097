"""numpy, imported when something of it is first used: by itself it takes half as long as all that ``evaluate`` needs besides."""

from __future__ import annotations

from typing import TYPE_CHECKING

from opik_resume.base.lazy import Late

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
else:
    np, npt = Late("numpy"), Late("numpy.typing")

__all__ = ["np", "npt"]
