"""How far two passes of one model drift apart over depth, with bands over prompts.

Drift is the L2 norm of the difference of the residual streams of one token over the norm of the
reference's stream. Tokens of one prompt share their context, so the bootstrap draws prompts.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from pv.forward.interface import Floats
from pv.forward.rounding_noise import Doubles

DRAWS: Final = 1000
LEVEL: Final = 0.95
_SEED: Final = 20
FENCE: Final = 1.5
"""Interquartile ranges beyond the quartiles from which a value is an outlier (Tukey's fences)."""


class Drift(NamedTuple):
    """Median over tokens of the drift behind each layer; float64 (layers,)."""

    median: Doubles
    low: Doubles
    """End of the band over prompts; the median itself where there is but one prompt."""
    high: Doubles
    difference: Doubles
    """Median L2 norm of the difference."""
    stream: Doubles
    """Median L2 norm of the reference's stream: what the difference is divided by."""
    prompts: int

    def outliers(self) -> list[int]:
        """Return layers where the drift leaps or falls as at few others.

        Its steps from layer to layer, as logarithms, are set against Tukey's fences; fewer than
        eight of them have no outlier.
        """
        with np.errstate(divide="ignore", invalid="ignore"):
            leaps = np.diff(np.log(self.median))
        if len(leaps) < 8 or not np.isfinite(leaps).all():
            return []
        first, third = np.quantile(leaps, (0.25, 0.75))
        reach = FENCE * (third - first)
        beyond = (leaps < first - reach) | (leaps > third + reach)
        return [int(one) + 1 for one in np.flatnonzero(beyond)]


def drift_of(reference: Floats, candidate: Floats, sentence: NDArray[np.int64]) -> Drift:
    """Return the drift between two residual streams, float32 (layers, tokens, width).

    `sentence` is the prompt of each token, (tokens,).
    """
    wide = reference.astype(np.float64)
    difference = np.linalg.norm(candidate - wide, axis=-1)
    stream = np.linalg.norm(wide, axis=-1)
    with np.errstate(divide="ignore", invalid="ignore"):
        drift = np.where(difference > 0, difference / stream, 0.0)
    middle, low, high = _bands(drift, sentence)
    return Drift(
        middle,
        low,
        high,
        np.median(difference, axis=1),
        np.median(stream, axis=1),
        int(sentence.max()) + 1,
    )


def _bands(drift: Doubles, sentence: NDArray[np.int64]) -> tuple[Doubles, Doubles, Doubles]:
    middle = np.asarray(np.median(drift, axis=1))
    prompts = int(sentence.max()) + 1
    if prompts == 1:
        return middle, middle, middle
    tokens = [np.flatnonzero(sentence == one) for one in range(prompts)]
    chosen = np.random.default_rng(_SEED).integers(0, prompts, size=(DRAWS, prompts))
    drawn = np.stack(
        [np.median(drift[:, np.concatenate([tokens[i] for i in draw])], axis=1) for draw in chosen]
    )
    low, high = np.quantile(drawn, ((1 - LEVEL) / 2, (1 + LEVEL) / 2), axis=0)
    return middle, low, high
