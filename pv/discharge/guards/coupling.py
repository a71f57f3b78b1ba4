"""Coupling: a chain whose links carry nothing is no chain.

What it asks
    Does what one layer is given change what it returns, so that growth, saturation or recovery may
    be read from the series?
Why
    A recipe that gives every layer the first vector again, times 1 plus or minus 0.001, was read as
    a chain of 28 layers. Its layers could be measured in any order, or one by one.
When it stops a verdict
    Every link agrees with the same recipe started anew at each link, within what the recipe
    explains without any coupling (rounding, the rescaling of its input). Or every link agrees so
    with the links run in shuffled order.
What a harness gives
    A `Chain`: the series, its unchained and its shuffled control, and that bound link by link.
"""

from __future__ import annotations

from collections.abc import Sequence

from pv.compare import judge
from pv.discharge.guards.interface import Seen
from pv.model.contract import Expectation
from pv.model.measurement import Chain, Measurements
from pv.model.receipt import Comparison, GuardResult

NAME = "coupling"


def check(seen: Seen) -> GuardResult:
    """Trip where a series that claims to be a chain is none."""
    return coupling(seen.measurements.chains)


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


def _chain(unchained: tuple[float, ...]) -> Seen:
    published = (0.544, 0.780, 0.030, 0.428, 0.775)
    shuffled = (0.543, 0.781, 0.031, 0.427, 0.774)
    chain = Chain("published recipe", published, unchained, shuffled, (0.0005,) * len(published))
    return Seen(Measurements((), chains=(chain,)))


def trips() -> tuple[str, Seen]:
    """Return the published five layers with each layer started anew."""
    return (
        "five layers, each given the first vector again, read as a chain",
        _chain((0.544, 0.7802, 0.0301, 0.4281, 0.7748)),
    )


def leaves() -> tuple[str, Seen]:
    """Return layers that change when they are started anew."""
    return "five layers, each given what the one before returned", _chain(
        (0.54, 0.6, 0.2, 0.3, 0.1)
    )
