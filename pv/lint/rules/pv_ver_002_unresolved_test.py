"""A test reference that names no test.

What it finds
    With `--strict-test-binding`: a reference that is dangling (names what does not exist),
    ambiguous (fits several tests or selects by a pattern), prose, or absent. Every reference of
    every falsifier has exactly one class, and the gate's line counts them all. What PV-VER-001 or
    PV-VER-003 says of the same reference is not said again.
Why it matters
    A test that is cited and was never written is the oldest way to be green. A sentence in place of
    a name cannot be run by anybody.
Example
    test: cargo test -p serve no_such_test
Instead
    test: cargo test -p serve --lib -- helpers::tests::rounds_half_up --exact
Fix
    Unsafe: writes the nearest test that exists, where one is near.
"""

from __future__ import annotations

from collections.abc import Iterator

from pv.bindings.interface import FAILING, BindingClass, Resolution
from pv.lint.context import Context
from pv.lint.repair import word_rewritten
from pv.lint.rule import FixKind, GateName, Rule
from pv.lint.rules.pv_ver_001_missing_harness import KINDS
from pv.lint.wording import shortened
from pv.model.contract import BindingKind, Contract, Falsifier
from pv.model.finding import Finding
from pv.model.verdict import Severity


def check(contract: Contract, context: Context) -> Iterator[Finding]:
    """Yield a finding for every reference that strict binding does not accept."""
    told = {each.binding.path for each in contract.falsifiers if _is_told(each, context)}
    for located in context.references_of(contract):
        found = located.resolution
        if found.binding_class in FAILING and located.path not in told:
            quoted = f' "{shortened(found.reference)}"' if found.reference else ""
            message = f"{located.falsifier}: {found.binding_class}{quoted}: {found.reason}"
            fix = word_rewritten(contract, located.path, found.missing, found.nearest)
            yield RULE.finding(contract, located.path, message, advice=_advice(found), fix=fix)


def _is_told(falsifier: Falsifier, context: Context) -> bool:
    """Return whether another rule reports the same reference with or without strict binding."""
    kind = falsifier.binding.kind
    if kind in KINDS:
        found = context.resolver.resolve(falsifier)
        return all(each.binding_class is BindingClass.DANGLING for each in found)
    return kind is BindingKind.COMMAND and context.resolver.unjudgeable(falsifier) is not None


def _advice(found: Resolution) -> str:
    if found.nearest:
        return f"did you mean {found.nearest}?"
    if found.targets:
        return f"name one of: {', '.join(target.id for target in found.targets[:3])}"
    return "name one test exactly, or declare planned, blocked or manual with its reason"


RULE = Rule(
    id="PV-VER-002",
    name="unresolved-test",
    since="0.1",
    severity=Severity.ERROR,
    gate=GateName.STRICT_TEST_BINDING,
    fix=FixKind.SOMETIMES,
    page=__doc__,
    check=check,
)
