"""Two falsifiers with one id.

What it finds
    A falsifier id that stands twice, in one contract or in two of the registry.
Why it matters
    A receipt belongs to a falsifier by its id. With two of a name, a run of one discharges the
    other, and every citation is ambiguous.
Example
    falsification_tests:
      - { id: FALSIFY-CHAT-001, rule: the prompt is kept }
      - { id: FALSIFY-CHAT-001, rule: the answer ends }
Instead
    falsification_tests:
      - { id: FALSIFY-CHAT-001, rule: the prompt is kept }
      - { id: FALSIFY-CHAT-002, rule: the answer ends }
Fix
    None: only the author knows which one is cited elsewhere.
"""

from __future__ import annotations

from collections.abc import Iterator

from pv.lint.context import Context
from pv.lint.rule import FixKind, GateName, Rule
from pv.model.finding import Finding
from pv.model.verdict import Severity
from pv.registry.index import Registry


def check_registry(registry: Registry, context: Context) -> Iterator[Finding]:
    """Yield a finding for every falsifier after the first of an id."""
    for name, owned in registry.repeated.items():
        first = owned[0]
        for each in owned[1:]:
            place = first.contract.span((*first.falsifier.path, "id"))
            message = f"falsifier {name} stands at {place} too, expected an id of its own"
            path = (*each.falsifier.path, "id")
            yield RULE.finding(each.contract, path, message, advice="give it a new number")


RULE = Rule(
    id="PV-IDS-002",
    name="duplicate-falsifier-id",
    since="0.1",
    severity=Severity.ERROR,
    gate=GateName.DUPLICATE_STEMS,
    fix=FixKind.NEVER,
    page=__doc__,
    check_registry=check_registry,
)
