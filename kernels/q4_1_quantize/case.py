"""Cases of Q4_1 quantisation: those of every format in blocks of 32, and ties of 16 levels."""

from __future__ import annotations

import numpy as np

from pv.kernels.cases import Case
from pv.kernels.q8_0_quantize.case import EXACT
from pv.kernels.q8_0_quantize.case import cases as short_cases


def cases() -> list[Case]:
    """Return every case."""
    ties = np.zeros((4, 32), np.float32)
    ties[:, 1:31] = np.arange(30) / np.float32(2)  # half levels of a range of 15
    ties[:, 31] = 15
    ties[1] -= 7
    ties[2, 1:31] = np.nextafter(ties[2, 1:31], np.float32(0))
    ties[3] *= -1
    wide = np.float32(3.4e38) * np.where(np.arange(32) % 2, np.float32(1), np.float32(-1))
    return [
        *short_cases(),
        Case("level-ties", (ties,), EXACT, quick=True),
        Case("range-beyond-float32", (wide[None],), EXACT, quick=True),
    ]
