"""A ratio of which one side has no name.

What it finds
    A limit on a ratio (factor, amplification, growth, speedup) where neither the name of the metric
    nor its reason, nor what the falsifier says, tells what is divided by what; and a rule or a
    prediction that limits "the ratio" in words, and nothing beside it says which.
Why it matters
    Two ratios that agree by accident are not one law. Whoever cannot say what stands below the line
    has compared a vector with a scalar, or one sample with seven.
Example
    expect: [ { metric: ratio, op: "<=", value: 2, reason: "seen before" } ]
Instead
    expect: [ { metric: drift_over_noise, op: "<=", value: 2, reason: "noise alone gives 1" } ]
Fix
    None: only the author knows the two sides.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Final

from pv.lint.context import Context
from pv.lint.figures.place import place
from pv.lint.rule import FixKind, GateName, Rule
from pv.lint.traits import Trait
from pv.model.contract import Contract, Expectation, Falsifier
from pv.model.finding import Finding
from pv.model.verdict import Severity

_RATIOS: Final = frozenset({"ratio", "quotient", "factor", "amplification", "growth", "speedup"})
_SIDES: Final = re.compile(
    r"\b(?:over|per|against|relative|divided by|compared|than|versus|vs|baseline|between|from)\b"
    r"|\w\s?/\s?\w|÷|\bof\b.+\bto\b",
    re.IGNORECASE | re.DOTALL,
)
_ONE: Final = r"\b(?:the|a|each|every|any|its)\b"
_LIMIT: Final = r"(?:[=≈≤≥∈]|[<>]=?|(?:is |stays |lies )?(?:in|within|below|above|under|at most))"
_BARE: Final = re.compile(
    rf"(?:^|[.;:(]\s*|{_ONE}\s+)"
    rf"(?P<words>ratio\s*{_LIMIT}\s*(?:\[[^\]]*\]|[\d~-][^\s,;]*))",
    re.IGNORECASE | re.MULTILINE,
)
_NAMED: Final = re.compile(rf"(?!{_ONE})\b\w+[ _-]ratio\b", re.IGNORECASE)
"""A ratio with a name: of variance explained, of imbalance, of compression."""
_PAIRS: Final = ({"input", "output"}, {"before", "after"}, {"numerator", "denominator"})


def check(contract: Contract, context: Context) -> Iterator[Finding]:
    """Yield a finding for every limit on a ratio whose sides are not named."""
    for falsifier in contract.falsifiers:
        limits = [*falsifier.expect, *(e for each in falsifier.beside for e in each.expect)]
        for limit in limits:
            words = limit.metric.replace("_", " ")
            said = f"{words}. {limit.reason}. {falsifier.rule}. {falsifier.prediction}"
            sided = _SIDES.search(said) or _measured(limits)
            if _RATIOS & set(words.lower().split()) and not sided:
                message = f"{falsifier.id}: {limit.metric} has one side, expected what over what"
                advice = "say what is divided by what, in the metric's name or in the reason"
                path = (*limit.path, "metric")
                yield RULE.finding(contract, path, message, advice=advice)
        yield from _in_words(contract, falsifier)


def _in_words(contract: Contract, falsifier: Falsifier) -> Iterator[Finding]:
    texts = [text for text in (falsifier.rule, falsifier.prediction) if "ratio" in text.lower()]
    if not any(map(_BARE.search, texts)):
        return
    said = f"{falsifier.rule}. {falsifier.prediction}. {falsifier.binding.text}"
    if _SIDES.search(said) or _NAMED.search(said):
        return
    for key, text in (("rule", falsifier.rule), ("prediction", falsifier.prediction)):
        if found := _BARE.search(text):
            path = (*falsifier.path, key)
            words = " ".join(found["words"].split())
            message = f'{falsifier.id}: "{words}" has one side, expected what over what'
            finding = RULE.finding(contract, path, message, advice="say what is divided by what")
            yield replace(finding, span=place(contract, path, text, *found.span("words")))


def _measured(limits: Sequence[Expectation]) -> bool:
    """Return whether the limits name both sides themselves: an input and an output."""
    words = {word for limit in limits for word in limit.metric.split("_")}
    return any(pair <= words for pair in _PAIRS)


RULE = Rule(
    id="PV-MTH-005",
    name="one-sided-ratio",
    since="0.1",
    severity=Severity.WARNING,
    gate=GateName.METHODOLOGY,
    fix=FixKind.NEVER,
    page=__doc__,
    about=Trait.LIMITS | Trait.SAYS_RATIO,
    check=check,
)
