"""Two traces of one prompt side by side, slot by slot: ours, and one that somebody else wrote.

Arrays are set against each other only over one sample; where tokens or shapes differ there is no
number, and an error says so.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from pv.errors import BadInputError
from pv.forward.interface import Floats
from pv.forward.trace import Trace
from pv.forward.trace_statistics import Statistics, Tokens, statistics_of


class Difference(NamedTuple):
    """How far another array of one slot is from ours."""

    slot: str
    layer: int | None
    point: str
    relative: float
    """L2 norm of the difference over that of ours."""
    std_ratio: float
    """Their standard deviation over ours."""
    cosine: float


class Comparison(NamedTuple):
    """Every slot that both have, and those that one of them lacks."""

    differences: tuple[Difference, ...]
    theirs_lack: tuple[str, ...]
    """Ours that nothing was held against."""
    ours_lack: tuple[str, ...]

    @property
    def slots(self) -> int:
        """How many slots ours has."""
        return len(self.differences) + len(self.theirs_lack)

    def worst(self) -> Difference:
        """Return the slot with the largest relative difference."""
        return max(self.differences, key=lambda each: each.relative)


def compared(ours: Trace, theirs: Mapping[str, Floats], tokens: Tokens) -> Comparison:
    """Compare a trace with its arrays to the arrays of another one over `tokens`.

    Raises `UnlikeStatisticsError` for a slot over another sample, `BadInputError` where no slot is
    in both, or an array is not finite.
    """
    found = [
        _difference(each, ours.arrays[each.slot], theirs[each.slot], tokens)
        for each in ours.statistics
        if each.slot in theirs
    ]
    if not found:
        raise BadInputError(
            "no slot is in both traces",
            advice="name arrays as pv trace --payload does: blk.3.swiglu_inner, logits",
        )
    mine = {each.slot for each in ours.statistics}
    return Comparison(
        tuple(found),
        tuple(each.slot for each in ours.statistics if each.slot not in theirs),
        tuple(sorted(set(theirs) - mine)),
    )


def _difference(each: Statistics, ours: Floats, theirs: Floats, tokens: Tokens) -> Difference:
    whole = theirs if tokens == "all" else theirs[None]
    other = statistics_of(each.layer, each.point, tokens, whole)
    ratio = other.statistic("std") / each.statistic("std") if each.std else np.inf
    for whose, side in (("theirs", other), ("ours", each)):
        if side.nonfinite:
            raise BadInputError(
                f"{each.slot}: {side.nonfinite:,} of {side.count:,} numbers of {whose} are NaN or"
                " infinite, expected none",
                advice="find the first slot that holds one in the engine that wrote it",
            )
    one, two = (array.astype(np.float64).ravel() for array in (ours, theirs))
    size, length = np.linalg.norm(one), np.linalg.norm(two)
    relative = float(np.linalg.norm(two - one) / size) if size else np.inf
    cosine = float(one @ two / (size * length)) if size and length else 0.0
    return Difference(each.slot, each.layer, each.point, relative, float(ratio), cosine)
