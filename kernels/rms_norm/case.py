"""Cases of RMSNorm: seam lengths, outliers, rows so small that eps decides."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from pv.kernels.cases import SEAMS, Case, Tolerance, generator

EPS = 1e-6


def tolerance(length: int) -> Tolerance:
    """Return the bound for float32 sums of 32 lanes and a tree."""
    return Tolerance(
        length / 32 + 10,
        "the mean square is a sum of positive terms, length / 32 + 6 roundings deep; square root, "
        "reciprocal and two products add one each",
    )


def cases() -> list[Case]:
    """Return every case."""
    hard = _rows("rms-hard", 576)
    hard[0, 100] = 1e4  # an outlier that carries the whole sum
    hard[1] *= np.float32(1e-6)  # eps decides
    hard[2] = 0
    weight = _weight("rms-hard", 576)
    return [
        *(_case(f"length-{n}", n) for n in SEAMS),
        Case("hard-rows", (hard, weight, EPS), tolerance(576)),
        Case("leading-axes", (hard.reshape(1, 3, 576), weight, EPS), tolerance(576)),
    ]


def magnitude(expected: NDArray[np.float64], *_arguments: Any) -> NDArray[np.float64]:
    """Return what the tolerance multiplies: the size of each element of the answer."""
    return np.abs(expected)


def _case(name: str, length: int) -> Case:
    arguments = (_rows(name, length), _weight(name, length), EPS)
    return Case(name, arguments, tolerance(length), length in (1, 33, 129))


def _rows(name: str, length: int) -> NDArray[np.float32]:
    return generator(name).normal(size=(3, length)).astype(np.float32)


def _weight(name: str, length: int) -> NDArray[np.float32]:
    return generator(f"w-{name}").uniform(0.5, 1.5, length).astype(np.float32)
