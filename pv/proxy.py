"""Discharge by proxy: one falsifier on the strength of another, declared and covered or not at all.

A falsifier that has nothing to show of its own takes the state of one that declares `proxy_for` it,
where that one's `expect` covers its own: every metric that it limits is limited there at least as
tightly, and every model that it asks for is asked for there.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Any, Final

from pv.model.contract import Expectation, Falsifier
from pv.model.status import FalsifierStatus
from pv.model.verdict import State

_BARE: Final = frozenset({State.PROPOSED, State.PLANNED, State.BLOCKED, State.BOUND})
"""The states of what has never been judged itself: a verdict of its own always counts."""
_SHOWN: Final = frozenset({State.DISCHARGED, State.PARTIAL_ALGORITHM_LEVEL})


def by_proxy(
    falsifier: Falsifier,
    own: FalsifierStatus,
    falsifiers: Sequence[Falsifier],
    statuses: Sequence[FalsifierStatus],
) -> tuple[FalsifierStatus, str] | None:
    """Return the status that a falsifier takes from a proxy with the reason; None where none.

    A proxy that does not cover it changes nothing.
    """
    if own.state not in _BARE:
        return None
    found: tuple[FalsifierStatus, str] | None = None
    for other, status in zip(falsifiers, statuses, strict=True):
        declared = falsifier.id in other.proxy_for and other.id != falsifier.id
        if not declared or status.state not in _SHOWN or uncovered(falsifier, other):
            continue
        if found is None or status.state is State.DISCHARGED:
            found = status, f"by proxy of {other.id}: {'; '.join(status.reasons)}"
    return found


def uncovered(falsifier: Falsifier, proxy: Falsifier) -> str:
    """Say what of a falsifier its proxy does not ask; empty where it asks all of it."""
    if not falsifier.expect:
        return f"{falsifier.id} has no limit that could be covered"
    for wanted in falsifier.expect:
        if not any(_implies(each, wanted) for each in proxy.expect):
            return f"{proxy.id} has no limit on {wanted.metric} as tight as {wanted.op}"
    if falsifier.models is not None:
        asked = {each.sha256 for each in falsifier.models.accept}
        given = {each.sha256 for each in proxy.models.accept} if proxy.models else set()
        if not asked or not asked <= given:
            return f"{proxy.id} does not ask for every model of {falsifier.id}"
        one_is_enough = proxy.models is not None and proxy.models.quorum == "any"
        if one_is_enough and (falsifier.models.quorum != "any" or asked != given):
            return f"one model is enough for {proxy.id}, which may be none of {falsifier.id}"
    return ""


def _implies(tight: Expectation, wide: Expectation) -> bool:
    """Whether whatever meets one limit meets the other: same metric, same unit, a set inside."""
    if (tight.metric, tight.unit) != (wide.metric, wide.unit):
        return False
    if (tight.op, tight.value, tight.tolerance) == (wide.op, wide.value, wide.tolerance):
        return True
    inner, outer = _interval(tight), _interval(wide)
    if inner is None or outer is None:
        return False
    return _inside(inner, outer)


_End = tuple[Fraction | None, bool]
"""An end of an interval and whether it belongs to it; None is without end."""


def _inside(inner: tuple[_End, _End], outer: tuple[_End, _End]) -> bool:
    (low, low_in), (high, high_in) = inner
    (floor, floor_in), (ceiling, ceiling_in) = outer
    from_below = floor is None or (
        low is not None and (low > floor or (low == floor and (floor_in or not low_in)))
    )
    from_above = ceiling is None or (
        high is not None and (high < ceiling or (high == ceiling and (ceiling_in or not high_in)))
    )
    return from_below and from_above


def _interval(limit: Expectation) -> tuple[_End, _End] | None:
    """Return the numbers that meet a limit; None where that is no interval of numbers."""
    nowhere: _End = (None, False)
    if limit.op == "within" and isinstance(limit.value, list) and len(limit.value) == 2:
        low, high = _exact(limit.value[0]), _exact(limit.value[1])
        return None if low is None or high is None else ((low, True), (high, True))
    value = _exact(limit.value)
    if value is None:
        return None
    if limit.op == "near":
        spread = _exact(limit.tolerance)
        return None if spread is None else ((value - spread, True), (value + spread, True))
    return {
        "<=": (nowhere, (value, True)),
        "<": (nowhere, (value, False)),
        ">=": ((value, True), nowhere),
        ">": ((value, False), nowhere),
        "==": ((value, True), (value, True)),
    }.get(limit.op)


def _exact(value: Any) -> Fraction | None:
    """Return a number exactly; None for what is none."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        return Fraction(value)
    except (ValueError, OverflowError):
        return None
