"""How much a number would scatter over other samples: the percentile bootstrap.

Independent units are drawn again with replacement: vectors, rows, blocks, prompts. Tokens of one
prompt share their context, so prompts are drawn, never tokens.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import numpy as np
from numpy.typing import NDArray

from pv.model.measurement import Interval

Wide = NDArray[np.float64]
Estimate = Callable[[Wide], Wide]
"""From samples, float64 (draws, units, ...), to one number a draw, (draws,)."""

LEVEL: Final = 0.95
DRAWS: Final = 1000
_SEED: Final = 20


def interval(metric: str, units: str, values: NDArray[np.floating], estimate: Estimate) -> Interval:
    """Return the interval of a metric that `estimate` makes of `values`, (units, ...)."""
    wide = np.asarray(values, dtype=np.float64)
    count = len(wide)
    chosen = np.random.default_rng(_SEED).integers(0, count, size=(DRAWS, count))
    low, high = np.quantile(estimate(wide[chosen]), ((1 - LEVEL) / 2, (1 + LEVEL) / 2))
    return Interval(metric, float(low), float(high), units, count, LEVEL)


def root_mean_square(samples: Wide) -> Wide:
    """Return the root of the mean square over everything but the draws."""
    return np.asarray(np.sqrt(np.square(samples).reshape(len(samples), -1).mean(axis=1)))


def median(samples: Wide) -> Wide:
    """Return the median over units."""
    return np.asarray(np.median(samples, axis=1))
