"""A general claim on one sample.

What it finds
    A falsifier whose rule speaks of always, every, any or never, and whose own words or parameters
    say that it measures once: n = 1, one run, a single seed.
Why it matters
    One sample refutes a general claim and supports none. What holds on it may be a property of that
    input alone.
Example
    - { id: F-1, rule: order never matters, prediction: equal bits on a single sample }
Instead
    - { id: F-1, rule: order does not matter here, prediction: equal bits on a single sample }
Fix
    None: take more samples, or claim less.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from pv.lint.context import Context
from pv.lint.rule import FixKind, GateName, Rule
from pv.model.contract import Contract, Falsifier
from pv.model.finding import Finding
from pv.model.verdict import Severity

_GENERAL: Final = re.compile(
    r"\b(always|never|every|any|in general|universal(?:ly)?)\b", re.IGNORECASE
)
_ONCE: Final = re.compile(
    r"\bn\s?=\s?1\b(?![.\d])"
    r"|\b(?:one|a single|single)\s(?:run|sample|seed|measurement|trial|observation|prompt)\b",
    re.IGNORECASE,
)
_COUNTS: Final = ("runs", "samples", "seeds", "repeats", "trials", "prompts")


def check(contract: Contract, context: Context) -> Iterator[Finding]:
    """Yield a finding for every general claim that rests on one sample."""
    advice = "take more samples, or claim it for the one that is taken"
    for falsifier in contract.falsifiers:
        general = _GENERAL.search(falsifier.rule)
        once = _once(falsifier)
        if general and once:
            word = general[0].lower()
            message = f'{falsifier.id}: "{word}" rests on {once}, expected several samples'
            yield RULE.finding(contract, (*falsifier.path, "rule"), message, advice=advice)


def _once(falsifier: Falsifier) -> str:
    """Return the words that say that there is one sample; empty where there are none."""
    for count in _COUNTS:
        if falsifier.parameters.get(count) == 1:
            return f"{count}: 1"
    reasons = " ".join(limit.reason for limit in falsifier.expect)
    found = _ONCE.search(f"{falsifier.rule}. {falsifier.prediction}. {reasons}")
    return f'"{" ".join(found[0].split())}"' if found else ""


RULE = Rule(
    id="PV-MTH-007",
    name="single-sample",
    since="0.1",
    severity=Severity.WARNING,
    gate=GateName.METHODOLOGY,
    fix=FixKind.NEVER,
    page=__doc__,
    check=check,
)
