"""The coupling guard: a chain whose links carry nothing is no chain.

A series over layers may be called a chain, and growth, saturation or recovery read from it, only
where one link's result enters the next. Two controls show whether it does: the same recipe with
every link started anew (unchained), and the links run in shuffled order. The harness also gives,
link by link, the largest difference that its recipe explains without any coupling (rounding, the
rescaling of the input). Where every link agrees with the unchained control within that bound
nothing was carried; where every link agrees with the shuffled control within it, order carries
nothing. Either way the guard trips.
"""

from __future__ import annotations

from collections.abc import Sequence

from pv.compare import judge
from pv.model.contract import Expectation
from pv.model.measurement import Chain
from pv.model.receipt import Comparison, GuardResult

NAME = "coupling"


def coupling(chains: Sequence[Chain]) -> GuardResult:
    """Trip where a series that claims to be a chain is none."""
    if not chains:
        return GuardResult(NAME, applies=False, tripped=False, reason="no chain is claimed")
    seen = [_against_controls(chain) for chain in chains]
    named = zip(chains, seen, strict=True)
    reasons = [_named(chain, reason, len(chains)) for chain, (reason, _) in named if reason]
    numbers = {chain.name: found for chain, (_, found) in zip(chains, seen, strict=True)}
    reason = "; ".join(reasons) or "; ".join(
        f"{chain.name}: what a layer is given changes what it returns" for chain in chains
    )
    return GuardResult(NAME, applies=True, tripped=bool(reasons), reason=reason, numbers=numbers)


def _against_controls(chain: Chain) -> tuple[str, dict[str, float]]:
    unchained = _within_bound(chain, "unchained", chain.unchained)
    shuffled = _within_bound(chain, "shuffled", chain.shuffled)
    numbers = {
        "links": len(chain.coupled),
        "largest difference from unchained": _largest(chain.coupled, chain.unchained),
        "largest difference from shuffled": _largest(chain.coupled, chain.shuffled),
        "bound where it is largest": max(chain.bound),
    }
    if unchained.met:
        return _agreement(numbers, "unchained"), numbers
    if shuffled.met:
        return _agreement(numbers, "shuffled"), numbers
    return "", numbers


def _within_bound(chain: Chain, control: str, values: Sequence[float]) -> Comparison:
    differences = tuple(abs(a - b) for a, b in zip(chain.coupled, values, strict=True))
    bound = Expectation(f"|{chain.name} - {control}|", "<=", chain.bound, "explained", ())
    return judge(bound, differences)


def _largest(one: Sequence[float], other: Sequence[float]) -> float:
    return max(abs(a - b) for a, b in zip(one, other, strict=True))


def _named(chain: Chain, reason: str, count: int) -> str:
    return reason if count == 1 else f"{chain.name}: {reason}"


def _agreement(numbers: dict[str, float], control: str) -> str:
    largest = numbers[f"largest difference from {control}"]
    return f"no chain, {control} within {largest:.2g} over {numbers['links']} links"
