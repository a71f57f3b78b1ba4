"""A hypothesis that no falsifier decides.

What it finds
    A hypothesis with a verdict that stands in no `decides` of the contract's falsifiers.
Why it matters
    The verdict can then only have been typed: no run could have answered the question.
Example
    hypotheses: [ { id: A2, claim: softmax amplifies, verdict: FALSIFIED } ]
    falsification_tests: [ { id: F-011, … } ]
Instead
    falsification_tests:
      - { id: F-011, decides: { A2: { HELD: FALSIFIED, REFUTED: CONFIRMED } }, … }
Fix
    None: only the author knows which run answers it.
"""

from __future__ import annotations

from collections.abc import Iterator

from pv.lint.context import Context
from pv.lint.rule import FixKind, GateName, Rule
from pv.lint.traits import Trait
from pv.model.contract import Contract
from pv.model.finding import Finding
from pv.model.verdict import HypothesisVerdict, Severity

_OPEN = frozenset({None, HypothesisVerdict.UNTESTED, HypothesisVerdict.SUPERSEDED})


def check(contract: Contract, context: Context) -> Iterator[Finding]:
    """Yield a finding for every answered hypothesis that nothing could have answered."""
    decided = {name for falsifier in contract.falsifiers for name in falsifier.decides}
    for hypothesis in contract.hypotheses:
        if hypothesis.id not in decided and hypothesis.verdict not in _OPEN:
            message = (
                f"hypothesis {hypothesis.id} is {hypothesis.verdict} and no falsifier decides it, "
                "expected UNTESTED"
            )
            advice = f"name it under `decides` of a falsifier: {hypothesis.id}: {{HELD: …}}"
            yield RULE.finding(contract, (*hypothesis.path, "verdict"), message, advice=advice)


RULE = Rule(
    id="PV-AUD-002",
    name="undecided-hypothesis",
    since="0.1",
    severity=Severity.ERROR,
    gate=GateName.AUDIT,
    fix=FixKind.NEVER,
    page=__doc__,
    about=Trait.HYPOTHESES,
    check=check,
)
