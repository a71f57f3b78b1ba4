"""A status word that nobody defined.

What it finds
    A status of a contract, falsifier or stage, or a verdict on a hypothesis (also under `decides`),
    that is not in the vocabulary of `schemas/lifecycle.yaml`.
Why it matters
    A word without a definition cannot be right or wrong: nothing says which evidence it needs.
Example
    status: MOSTLY_DONE
Instead
    status: PARTIAL_ALGORITHM_LEVEL
Fix
    Unsafe: writes the word that is meant, for a slip of one letter or of case. A team adds words of
    its own to its lifecycle.yaml.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from pv.lint.claims import claims_of
from pv.lint.context import Context
from pv.lint.repair import nearest_fix
from pv.lint.rule import FixKind, GateName, Rule
from pv.lint.traits import Trait
from pv.lint.wording import did_you_mean, shortened
from pv.model.contract import Contract
from pv.model.finding import Finding
from pv.model.verdict import Severity
from pv.yamlfile.shapes import nearest

_NOT: Final = re.compile(r"(?:NOT|NON|UN|IN|DIS|DE)[_ -]?")
_DIGIT: Final = re.compile(r"\d")


def check(contract: Contract, context: Context) -> Iterator[Finding]:
    """Yield a finding for every word that the vocabulary does not have."""
    lifecycle = context.lifecycle
    if lifecycle is None:
        return
    for claim in claims_of(contract):
        words = claim.vocabulary(lifecycle)
        if words.word(claim.word) is None:
            advice = _advice(claim.word, tuple(words.words))
            message = (
                f'{claim.label} has the status "{shortened(claim.word)}", '
                "expected a word of lifecycle.yaml"
            )
            fix = nearest_fix(contract, claim.path, claim.word, words.words, slip=True)
            yield RULE.finding(contract, claim.path, message, advice=advice, fix=fix)
    for falsifier in contract.falsifiers:
        for name, answers in falsifier.decides.items():
            for verdict, word in answers.items():
                if lifecycle.hypothesis.word(word) is None:
                    message = (
                        f'{falsifier.id} decides {name} as "{word}", '
                        "expected a verdict of lifecycle.yaml"
                    )
                    path = (*falsifier.path, "decides", name, verdict)
                    advice = did_you_mean(
                        word, lifecycle.hypothesis.words, "choose a known verdict"
                    )
                    fix = nearest_fix(contract, path, word, lifecycle.hypothesis.words, slip=True)
                    yield RULE.finding(contract, path, message, advice=advice, fix=fix)


def _advice(word: str, known: tuple[str, ...]) -> str:
    """Return the word that was meant, else all there are; one that says the opposite is not."""
    meant = nearest(word, known)
    if meant and not _opposite(*sorted((word.upper(), meant), key=len)):
        return f"did you mean {meant}?"
    measured = "write what was measured under evidence, and here " if _DIGIT.search(word) else ""
    return f"{measured}one of {', '.join(known)}"


def _opposite(short: str, long: str) -> bool:
    return long.endswith(short) and _NOT.fullmatch(long.removesuffix(short)) is not None


RULE = Rule(
    id="PV-LIF-001",
    name="unknown-status",
    since="0.1",
    severity=Severity.ERROR,
    gate=GateName.TRANSITIONS,
    fix=FixKind.SOMETIMES,
    page=__doc__,
    about=Trait.CLAIMS | Trait.DECIDES,
    check=check,
)
