"""Limits that decide nothing.

What it finds
    A limit beyond the largest float32 number, which no measurement breaks; a limit that the metric
    cannot leave by its nature, such as a ratio that shall be at least 0 or a share of at most 1;
    two limits on one metric that no outcome can meet together; and a prediction in words that
    names a band and what is outside it (a warning).
Why it matters
    The first two can never be red, the last never green: the run has no say in any of them.
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

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from math import inf
from typing import Any, Final

from pv.lint.context import Context
from pv.lint.figures.place import place
from pv.lint.metrics import possible
from pv.lint.rule import FixKind, GateName, Rule
from pv.lint.traits import Trait
from pv.lint.wording import shortened
from pv.model.contract import Contract, Expectation, Falsifier, Path
from pv.model.finding import Finding
from pv.model.verdict import Severity

_EITHER: Final = re.compile(
    r"\b(?:in|inside|within)\s*\[[^\]]{1,40}\][^.;]{0,60}\bor\b[^.;]{0,60}"
    r"\boutside\s+(?:of\s+)?(?:that|the|this)\s+(?:band|range|interval)\b",
    re.IGNORECASE,
)


def check(contract: Contract, context: Context) -> Iterator[Finding]:
    """Yield a finding for every limit that decides nothing."""
    for falsifier in contract.falsifiers:
        yield from _judge(contract, falsifier, falsifier.expect)
        for companion in falsifier.beside:
            yield from _judge(contract, falsifier, companion.expect)
        for key, text in (("rule", falsifier.rule), ("prediction", falsifier.prediction)):
            yield from _either_way(contract, (*falsifier.path, key), text)
    for stage in contract.stages:
        entry: Any = contract.data
        for step in stage.path:
            entry = entry[step]
        told = entry.get("description") if isinstance(entry, Mapping) else None
        if isinstance(told, str):
            yield from _either_way(contract, (*stage.path, "description"), told)


def _either_way(contract: Contract, path: Path, text: str) -> Iterator[Finding]:
    """Yield a finding for a band and what is outside it, either of which would do."""
    if "outside" in text.lower() and (found := _EITHER.search(text)):
        message = f'"{shortened(found[0])}" is true of every outcome, expected one that refutes'
        finding = RULE.finding(
            contract, path, message, advice="say which one holds", severity=Severity.WARNING
        )
        yield replace(finding, span=place(contract, path, text, *found.span()))


def _judge(
    contract: Contract, falsifier: Falsifier, expect: Sequence[Expectation]
) -> Iterator[Finding]:
    ranges: dict[str, tuple[float, float]] = {}
    for limit in expect:
        allowed = _range(limit)
        if allowed is None:
            continue
        low, high = allowed
        lowest_ever, highest_ever = possible(limit.metric)
        strict = (limit.op == ">" and low == lowest_ever) or (
            limit.op == "<" and high == highest_ever
        )
        if low <= lowest_ever and high >= highest_ever and not strict:
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
    about=Trait.LIMITS | Trait.STAGES | Trait.SAYS_OUTSIDE,
    check=check,
)
