"""A general claim on one sample.

What it finds
    A falsifier whose rule speaks of always, every, any or never, and whose own words or parameters
    say that it measures once: n = 1, one run, a single seed; and one that measures a thing for all
    layers (rows, models) on one sample per layer.
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
from dataclasses import replace
from typing import Final

from pv.lint.context import Context
from pv.lint.figures.place import place
from pv.lint.rule import FixKind, GateName, Rule
from pv.lint.traits import Trait
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
_EACH: Final = re.compile(
    r"\b(?:one|a single|1)\s"
    r"(?:sample|run|seed|prompt|super-?block|trial|measurement)"
    r"\s(?:per|for each|of each)\s(?P<per>\w+)",
    re.IGNORECASE,
)
_ALL: Final = r"\b(?:all|every|each)\b[^.;()]{{0,12}}\b{}s?\b"
_MEASURED: Final = re.compile(r"\b(?:measur|observ|estimat|sampl)\w+", re.IGNORECASE)
_COUNTS: Final = ("runs", "samples", "seeds", "repeats", "trials", "prompts")


def check(contract: Contract, context: Context) -> Iterator[Finding]:
    """Yield a finding for every general claim that rests on one sample."""
    advice = "take more samples, or claim it for the one that is taken"
    for falsifier in contract.falsifiers:
        general = _GENERAL.search(falsifier.rule)
        once = _once(falsifier) if general else ""
        if general and once:
            word = general[0].lower()
            message = f'{falsifier.id}: "{word}" rests on {once}, expected several samples'
            yield RULE.finding(contract, (*falsifier.path, "rule"), message, advice=advice)
        elif found := _one_each(falsifier.prediction):
            claim, each = found
            message = f'{falsifier.id}: "{claim}" rests on "{_plain(each[0])}", expected several'
            path = (*falsifier.path, "prediction")
            finding = RULE.finding(contract, path, f"{message} samples", advice=advice)
            span = place(contract, path, falsifier.prediction, *each.span())
            yield replace(finding, span=span)


def _one_each(text: str) -> tuple[str, re.Match[str]] | None:
    """Return what is said of all things of a kind, and that one sample of each is measured."""
    each = _EACH.search(text) if _MEASURED.search(text) else None
    if each is None:
        return None
    claim = re.search(_ALL.format(re.escape(each["per"])), text, re.IGNORECASE)
    return (_plain(claim[0]), each) if claim else None


def _plain(words: str) -> str:
    return " ".join(words.split())


def _once(falsifier: Falsifier) -> str:
    """Return the words that say that there is one sample; empty where there are none."""
    for count in _COUNTS:
        if falsifier.parameters.get(count) == 1:
            return f"{count}: 1"
    reasons = " ".join(limit.reason for limit in falsifier.expect)
    found = _ONCE.search(f"{falsifier.rule}. {falsifier.prediction}. {reasons}")
    return f'"{_plain(found[0])}"' if found else ""


RULE = Rule(
    id="PV-MTH-007",
    name="single-sample",
    since="0.1",
    severity=Severity.WARNING,
    gate=GateName.METHODOLOGY,
    fix=FixKind.NEVER,
    page=__doc__,
    about=Trait.SAYS_ALL,
    check=check,
)
