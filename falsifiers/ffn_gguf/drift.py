"""How far two runs of one network drift apart over depth, with intervals over sentences.

Drift is the L2 norm of the difference of the residual streams of one token over the norm of the
reference stream. Tokens of one sentence share their context, so the bootstrap draws sentences.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

Doubles = NDArray[np.float64]
Counts = NDArray[np.int32]

INTERVAL = (0.025, 0.975)
"""Quantiles of the bootstrap between which the reported intervals lie."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """A point estimate with its 95 % interval."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Shape:
    """Which law the median drift follows over depth."""

    alpha: Estimate
    """Exponent of drift ~ depth^alpha."""
    power_law_advantage: float
    """Squared residuals of the best exponential less those of the best power law, in log drift."""


def draw_sentences(sentence: NDArray[np.int64], draws: int, seed: int) -> Counts:
    """Return how often each token counts in each bootstrap draw, int32 (draws + 1, tokens).

    `sentence` is the sentence index of every token. Row 0 is the sample as it stands; every other
    row draws as many sentences as there are, with replacement.
    """
    count = int(sentence.max()) + 1
    times = np.random.default_rng(seed).multinomial(count, np.full(count, 1.0 / count), size=draws)
    weights = np.concatenate([np.ones((1, count), np.int32), times.astype(np.int32)])
    return weights[:, sentence]


def weighted_medians(values: Doubles, weights: Counts) -> Doubles:
    """Return the lower median of `values` (tokens,) under each row of `weights` (n, tokens)."""
    order = np.argsort(values, kind="stable")
    running = weights.T[order]
    for before, here in pairwise(running):  # all draws at once, where a cumsum takes each alone
        np.add(here, before, out=here)
    below = np.count_nonzero(2 * running < running[-1], axis=0)
    return np.asarray(values[order][below])


def growth(drift: Doubles, last: int, weights: Counts) -> Estimate:
    """Return the median over tokens of drift at layer `last` over drift at layer 0.

    `drift` is float64 (layers, tokens). The quotient is taken token by token, so that both sides
    of it are one token's.
    """
    return _estimate(weighted_medians(drift[last] / drift[0], weights))


def shape(drift: Doubles, weights: Counts) -> Shape:
    """Fit drift ~ depth^alpha and drift ~ exp(rate * depth) to the median over tokens.

    `drift` is float64 (layers, tokens), at least three layers; depth counts from 1. Both fits are
    least squares in the logarithm, two parameters each.
    """
    curves = np.log(np.stack([weighted_medians(layer, weights) for layer in drift], axis=1))
    depth = np.arange(1, len(drift) + 1, dtype=np.float64)
    alphas, power_residual = _fit(np.log(depth), curves)
    _, exponential_residual = _fit(depth, curves)
    return Shape(_estimate(alphas), float(exponential_residual[0] - power_residual[0]))


def _fit(x: Doubles, curves: Doubles) -> tuple[Doubles, Doubles]:
    """Return slope and residual sum of squares of every row of `curves` (n, layers) over x."""
    centred = x - x.mean()
    rest = curves - curves.mean(axis=1, keepdims=True)
    slopes = rest @ centred / (centred @ centred)
    residuals = rest - slopes[:, None] * centred
    return np.asarray(slopes), np.asarray((residuals**2).sum(axis=1))


def _estimate(draws: Doubles) -> Estimate:
    """Take the first value for the estimate, the others for its interval; alone it has none."""
    low, high = np.quantile(draws[1:] if len(draws) > 1 else draws, INTERVAL)
    return Estimate(float(draws[0]), float(low), float(high))
