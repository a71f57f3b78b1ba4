"""Which values a metric can take by its nature, as far as its name tells."""

from __future__ import annotations

from typing import Final

LARGEST: Final = (2 - 2**-23) * 2.0**127
"""The largest float32 number: no measurement of float32 data is beyond it and finite."""
_SIGNED: Final = frozenset(
    {"log", "signed", "delta", "change", "gap", "advantage", "margin", "difference", "excess"}
    | {"gain", "loss", "bits", "relative"}
)
_NEVER_NEGATIVE: Final = frozenset(
    {"ratio", "std", "stddev", "norm", "variance", "count", "mismatches", "rmse", "mse", "ulp"}
    | {"distance", "magnitude", "seconds", "bytes", "ulps", "divergence"}
)
_SHARES: Final = frozenset({"fraction", "share", "probability"})
_COSINES: Final = frozenset({"cosine", "correlation"})


def possible(metric: str) -> tuple[float, float]:
    """Return the least and the greatest value that a metric can have; the last words decide.

    What its name does not tell ranges over all float32 numbers.
    """
    words = metric.lower().replace("-", "_").split("_")
    if _SIGNED & set(words):
        return -LARGEST, LARGEST
    if _COSINES & set(words):
        return -1.0, 1.0
    if _SHARES & set(words):
        return 0.0, 1.0
    return (0.0 if _NEVER_NEGATIVE & set(words) else -LARGEST), LARGEST
