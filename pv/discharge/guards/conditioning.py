"""The conditioning guard: a relative difference over a near-zero denominator says nothing.

Let A = Σ x_i w_i be a dot product and B the same with each product disturbed by at most a relative
δ. Then |A − B| ≤ δ·S with S = Σ |x_i||w_i|, so

    |A − B| / |A|  ≤  δ · κ,      κ = S / |A|.

κ is the condition number of the sum: how much cancellation is in A. A relative difference is a
statement about the kernel (about δ) only while κ amplifies moderately. The coarsest operand in use
is an 8-bit one: rounding to a signed byte disturbs a full-scale element by up to half a step in
127, that is u = 1/254, or 2^-8 to the next power of two. Once κ·u ≥ 1, that is

    |A| ≤ 2^-8 · S,

a disturbance that the format allows in every element suffices to move A by 100 %: no digit of A is
determined by the data, and |A − B| / |A| tells where A happened to fall near zero. The limit holds
for no number of elements in particular and is fitted to nothing: a healthy dot product of n
elements of random sign has |A| near S/√n, well above it up to n of some ten thousands. What stays
meaningful below it is |A − B| / S, and the guard reports it.

An element with no difference at all is left alone: 0 has no leading digit to lose.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from pv.compare import judge
from pv.model.contract import Expectation
from pv.model.measurement import Conditioning
from pv.model.receipt import GuardResult

NAME = "conditioning"
SMALLEST_SHARE: Final = 2.0**-8
"""Smallest |A| over Σ|x||w| at which a relative difference is read; derived above."""


def conditioning(records: Sequence[Conditioning]) -> GuardResult:
    """Trip where a relative difference was divided by what cancellation left over."""
    if not records:
        reason = "no relative difference with its denominator"
        return GuardResult(NAME, applies=False, tripped=False, reason=reason)
    seen = [_smallest_share(record) for record in records]
    reasons = [reason for reason, _ in seen if reason]
    numbers = {record.name: found for record, (_, found) in zip(records, seen, strict=True)}
    reason = "; ".join(reasons) or "every denominator is well above cancellation"
    return GuardResult(NAME, applies=True, tripped=bool(reasons), reason=reason, numbers=numbers)


def _smallest_share(record: Conditioning) -> tuple[str, dict[str, float | int]]:
    """Look at the element whose denominator is the smallest share of its scale."""
    # An element that does not differ counts as well conditioned, whatever its denominator.
    shares = tuple(
        abs(denominator) / scale if difference and scale else 1.0
        for difference, denominator, scale in zip(
            record.difference, record.denominator, record.scale, strict=True
        )
    )
    limit = Expectation("|A| / Σ|x||w|", ">", SMALLEST_SHARE, "derived in this module", ())
    comparison = judge(limit, shares)
    index = comparison.index or 0
    difference, scale = record.difference[index], record.scale[index]
    numbers: dict[str, float | int] = {
        "element": index,
        "|A|": record.denominator[index],
        "|A-B|": difference,
        "Σ|x||w|": scale,
        "|A| / Σ|x||w|": shares[index],
        "limit": SMALLEST_SHARE,
        "|A-B| / Σ|x||w|": difference / scale if scale else 0.0,
    }
    if comparison.met:
        return "", numbers
    reason = (
        f"{record.name}: |A| = {record.denominator[index]:.3g} at [{index}] is {shares[index]:.2g}"
        f" of Σ|x||w|, expected above {SMALLEST_SHARE:.2g}: the ratio shows cancellation"
    )
    return reason, numbers
