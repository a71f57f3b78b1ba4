"""Conditioning: a relative difference over a near-zero denominator says nothing.

What it asks
    Does |A - B| / |A| tell about the kernel, or about where A happened to fall near zero?
Why
    A layer was called an anomaly of 442 %. Its difference was of ordinary size; the dot product it
    was divided by was 0.0016.
When it stops a verdict
    |A| <= 2^-8 · S with S = Σ |x_i||w_i| of the same dot product, where A and B differ at all.

    Let B be A with each product disturbed by at most a relative δ. Then |A - B| <= δ S, so
    |A - B| / |A| <= δ κ with κ = S / |A|, the condition number of the sum. The coarsest operand in
    use has 8 bits: it disturbs a full-scale element by up to half a step in 127, 2^-8 to the next
    power of two. Where κ 2^-8 >= 1 that alone moves A by 100 %: no digit of A is determined by the
    data. A healthy dot product of n elements of random sign has |A| near S / √n, well above the
    limit up to n of some ten thousands. |A - B| / S keeps its meaning below it, and is reported.
What a harness gives
    A `Conditioning`: |A - B|, |A| and S of every relative difference, in one unit.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from pv.compare import judge
from pv.discharge.guards.interface import Seen
from pv.model.contract import Expectation
from pv.model.measurement import Conditioning, Measurements
from pv.model.receipt import GuardResult

NAME = "conditioning"
SMALLEST_SHARE: Final = 2.0**-8
"""Smallest |A| over Σ|x||w| at which a relative difference is read; the page derives it."""


def check(seen: Seen) -> GuardResult:
    """Trip where a relative difference was divided by what cancellation left over."""
    return conditioning(seen.measurements.conditionings)


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


def _layer(denominator: float) -> Seen:
    record = Conditioning("layer 24", (0.0071,), (denominator,), (25.0,))
    return Seen(Measurements((), conditionings=(record,)))


def trips() -> tuple[str, Seen]:
    """Return the published layer of 442 %."""
    return "442 % at layer 24: |A - B| = 0.0071 over |A| = 0.0016", _layer(0.0016)


def leaves() -> tuple[str, Seen]:
    """Return the same difference over a product of ordinary size."""
    return "the same |A - B| over |A| = 0.64, S / √1536", _layer(0.64)
