"""Limits that decide nothing.

What it finds
    A limit beyond the largest float32 number, which no measurement breaks, and two limits on one
    metric that no outcome can meet together.
Why it matters
    The first can never be red, the second never green: the run has no say in either.
Example
    expect:
      - { metric: drift, op: "<=", value: 1.0e+39, reason: "…" }
Instead
    expect:
      - { metric: drift, op: "<=", value: 1.0, reason: "…" }
Fix
    None: only the author knows the limit.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import inf

from pv.lint.context import Context
from pv.lint.rule import FixKind, GateName, Rule
from pv.model.contract import Contract, Expectation, Falsifier
from pv.model.finding import Finding
from pv.model.verdict import Severity

_LARGEST = (2 - 2**-23) * 2.0**127
"""The largest float32 number: no measurement of float32 data is beyond it and finite."""


def check(contract: Contract, context: Context) -> Iterator[Finding]:
    """Yield a finding for every limit that decides nothing."""
    for falsifier in contract.falsifiers:
        yield from _judge(contract, falsifier, falsifier.expect)
        for companion in falsifier.beside:
            yield from _judge(contract, falsifier, companion.expect)


def _judge(
    contract: Contract, falsifier: Falsifier, expect: Sequence[Expectation]
) -> Iterator[Finding]:
    ranges: dict[str, tuple[float, float]] = {}
    for limit in expect:
        allowed = _range(limit)
        if allowed is None:
            continue
        low, high = allowed
        if low <= -_LARGEST and high >= _LARGEST:
            message = (
                f"{falsifier.id}: no {limit.metric} breaks {limit.op} {limit.value}, "
                "expected a limit that can be broken"
            )
            yield RULE.finding(contract, (*limit.path, "value"), message, advice="lower the limit")
            continue
        lowest, highest = ranges.get(limit.metric, (-inf, inf))
        ranges[limit.metric] = max(low, lowest), min(high, highest)
        if max(low, lowest) > min(high, highest):
            message = (
                f"{falsifier.id}: no {limit.metric} meets {limit.op} {limit.value} and the limits "
                "above it"
            )
            yield RULE.finding(contract, (*limit.path, "value"), message, advice="correct one")


def _range(limit: Expectation) -> tuple[float, float] | None:
    """Return the interval that a limit allows; None for a limit per element, text or flag."""
    value = limit.value
    try:
        if limit.op == "within":
            return float(value[0]), float(value[1])
        if not isinstance(value, int | float) or isinstance(value, bool):
            return None
        return _interval(limit, float(value))
    except OverflowError:  # an integer beyond float64 is beyond every measurement too
        return -inf, inf


def _interval(limit: Expectation, value: float) -> tuple[float, float]:
    if limit.op == "near":
        spread = float(limit.tolerance or 0)
        return value - spread, value + spread
    low = value if limit.op in {">=", ">", "=="} else -inf
    high = value if limit.op in {"<=", "<", "=="} else inf
    return low, high


RULE = Rule(
    id="PV-MTH-004",
    name="vacuous-limit",
    since="0.1",
    severity=Severity.ERROR,
    gate=GateName.METHODOLOGY,
    fix=FixKind.NEVER,
    page=__doc__,
    check=check,
)
