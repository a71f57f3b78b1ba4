"""A growth factor without what it is a multiple of.

What it finds
    A claim, rule, prediction, obligation or hypothesis that says how many times something grows,
    amplifies, saturates, is compressed or gets faster, in a sentence that names nothing to compare
    with. The formula of an obligation counts with its property.
Why it matters
    A factor over 5 layers and one over 28 look alike, and so do a vector's and a scalar's. Only the
    baseline, with its metric, tells them apart.
Example
    hypotheses: [ { id: H1, claim: "drift grows 1.8× and saturates" } ]
Instead
    hypotheses: [ { id: H1, claim: "drift of layer 4 grows 1.4× over that of layer 0" } ]
Fix
    None: only the author knows the baseline.
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
from pv.lint.wording import shortened
from pv.model.contract import Contract, Path
from pv.model.finding import Finding
from pv.model.verdict import Severity

_TIMES: Final = r"\b\d+(?:\.\d+)?\s?[×x](?![\w×])(?!\s*\d)"
_GROWS: Final = (
    r"\b(?:grow(?:s|th|n|ing)?|grew|amplif\w+|compounds|speed-?up|slow-?down|faster|slower"
    r"|saturates\sat|compression)\b"
)
_FACTOR: Final = re.compile(r"\d\s?[×x]", re.IGNORECASE)
"""Without it there is no growth, and it is looked for in a tenth of the time."""
_GROWTH: Final = re.compile(
    rf"{_GROWS}[^.;]{{0,30}}?{_TIMES}|{_TIMES}[^.;]{{0,20}}?{_GROWS}", re.IGNORECASE
)
_BASE: Final = re.compile(
    r"\b(?:over|per|against|relative|compared?|than|versus|vs|baseline|from|of the|respect)\b"
    r"|[\w)\]]\s?/\s?[\w(]",
    re.IGNORECASE,
)
_SENTENCE: Final = re.compile(r"(?<=[.;])\s+|\n\s*\n")


def check(contract: Contract, context: Context) -> Iterator[Finding]:
    """Yield a finding for every claimed factor without a baseline."""
    advice = "name the baseline and its metric"
    for path, text, beside in _claims(contract):
        if not _FACTOR.search(text) or not _GROWTH.search(text) or _BASE.search(beside):
            continue
        for start, end in _sentences(text):
            found = _GROWTH.search(text, start, end)
            if found and not _BASE.search(text, start, end):
                words = shortened(found[0])
                message = f'"{words}" has no baseline, expected what it is a multiple of'
                finding = RULE.finding(contract, path, message, advice=advice)
                yield replace(finding, span=place(contract, path, text, *found.span()))


def _sentences(text: str) -> Iterator[tuple[int, int]]:
    start = 0
    for end in (*(each.start() for each in _SENTENCE.finditer(text)), len(text)):
        yield start, end
        start = end


def _claims(contract: Contract) -> Iterator[tuple[Path, str, str]]:
    """Yield each claim with its path and the formula beside it."""
    for hypothesis in contract.hypotheses:
        yield (*hypothesis.path, "claim"), hypothesis.claim, ""
    for obligation in contract.obligations:
        yield (*obligation.path, "property"), obligation.property, obligation.formal
    for falsifier in contract.falsifiers:
        yield (*falsifier.path, "rule"), falsifier.rule, ""
        yield (*falsifier.path, "prediction"), falsifier.prediction, ""


RULE = Rule(
    id="PV-MTH-006",
    name="baseless-growth",
    since="0.1",
    severity=Severity.WARNING,
    gate=GateName.METHODOLOGY,
    fix=FixKind.NEVER,
    page=__doc__,
    about=Trait.SAYS_TIMES,
    check=check,
)
