"""How a model rotates queries and keys: base, pairing, and scaling for longer contexts.

Every scaling that is known here divides the frequency of each pair and multiplies the rotated
values by one magnitude: linear (all pairs alike), YaRN (pairs that turn slowly; Peng et al. 2023,
arXiv:2309.00071, with llama.cpp's correction range), and factors stored in the file.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from pv.kernels.layout import Pairing

BETA_FAST, BETA_SLOW = 32.0, 1.0
"""Turns over the original context between which YaRN passes from keeping to dividing."""


class Rotation(NamedTuple):
    """Pair i of a head is turned by `position * base ** (-2 i / dim) / divisors[i]` radians."""

    base: float
    pairing: Pairing
    divisors: tuple[float, ...] = ()
    """One for each pair; none at all where no scaling is declared."""
    magnitude: float = 1.0
    """What the rotated values are multiplied with."""

    def divided(self) -> NDArray[np.float64] | None:
        """Return the divisors, float64 (dim / 2,), None where there are none."""
        return np.array(self.divisors) if self.divisors else None


class Yarn(NamedTuple):
    """What YaRN is declared with, besides its factor."""

    original_context: int
    extrapolation: float = 1.0
    fast: float = BETA_FAST
    slow: float = BETA_SLOW


def yarn_divisors(base: float, dim: int, factor: float, yarn: Yarn) -> NDArray[np.float64]:
    """Return what divides each frequency, float64 (dim / 2,).

    Pairs that turn more than `fast` times over the original context keep their frequency, those
    below `slow` turns are divided by `factor`, and between them the shares change linearly.
    """

    def pair_of(turns: float) -> float:
        """Return the place of the pair that turns so often over the original context."""
        ratio = yarn.original_context / (turns * 2 * math.pi)
        return dim * math.log(ratio) / (2 * math.log(base))

    low = max(0.0, math.floor(pair_of(yarn.fast)))
    high = min(dim - 1.0, math.ceil(pair_of(yarn.slow)))
    place = (np.arange(dim // 2) - low) / max(0.001, high - low)
    kept = (1.0 - np.clip(place, 0.0, 1.0)) * yarn.extrapolation
    return np.asarray(1.0 / ((1.0 - kept) / factor + kept))


def yarn_magnitude(factor: float) -> float:
    """Return what YaRN multiplies rotated values with, to keep attention as sharp as before."""
    return 0.1 * math.log(factor) + 1.0 if factor > 1.0 else 1.0
