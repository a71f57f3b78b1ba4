"""How a kernel test compares: dtype and shape, NaN, infinities, then the worst element."""

from __future__ import annotations

import numpy as np

UNIT = 2.0**-24


def same_bits(expected, actual):
    """Empty when all bits are equal (NaN: the same places), else what differs first."""
    expected, actual = np.asarray(expected), np.asarray(actual)
    if problem := _kind(expected, actual):
        return problem
    if expected.dtype.kind == "f":
        nan = np.isnan(expected)
        if not np.array_equal(nan, np.isnan(actual)):
            return "NaN in other places"
        word = f"u{expected.dtype.itemsize}"
        expected = np.where(nan, 0, np.ascontiguousarray(expected).view(word))
        actual = np.where(nan, 0, np.ascontiguousarray(actual).view(word))
    differs = np.argwhere(expected != actual)
    return f"{len(differs)} elements differ, first at {differs[0].tolist()}" if len(differs) else ""


def within(expected, actual, tolerance, magnitude):
    """Empty when |actual - expected| <= units * 2**-24 * magnitude, else the worst element."""
    expected, actual = np.asarray(expected), np.asarray(actual, dtype=np.float64)
    if expected.shape != actual.shape:
        return f"shape {actual.shape}, expected {expected.shape}"
    if not np.array_equal(np.isnan(expected), np.isnan(actual)):
        return "NaN in other places"
    infinite = np.isinf(expected) | np.isinf(actual)
    if not np.array_equal(expected[infinite], actual[infinite]):
        return "infinities in other places"
    finite = np.isfinite(expected)
    error = np.abs(actual - expected, where=finite, out=np.zeros_like(expected))
    limit = tolerance.units * UNIT * np.where(finite, magnitude, 1.0)
    ok = error <= limit
    if ok.all():
        return ""
    worst = np.unravel_index(np.argmax(error - limit), error.shape)
    return f"{list(worst)}: error {error[worst]:.3g} > {limit[worst]:.3g}"


def parts(value):
    """The arrays a kernel returned, whether one or a record of several."""
    return list(value) if isinstance(value, tuple) else [value]


def _kind(expected, actual):
    if expected.dtype != actual.dtype:
        return f"dtype {actual.dtype}, expected {expected.dtype}"
    if expected.shape != actual.shape:
        return f"shape {actual.shape}, expected {expected.shape}"
    return ""
