"""A dependency that is nowhere.

What it finds
    An entry of `depends_on` that names no contract of the registry: no stem, no id, no file.
Why it matters
    A contract that builds on another one is only as good as that one. If it does not exist, the
    claim stands on nothing and no one will notice when it breaks.
Example
    depends_on: [ softmax-kernl-v1 ]
Instead
    depends_on: [ softmax-kernel-v1 ]
Fix
    Unsafe: writes the nearest contract, where one is near.
"""

from __future__ import annotations

from collections.abc import Iterator

from pv.lint.context import Context
from pv.lint.repair import nearest_fix
from pv.lint.rule import FixKind, GateName, Rule
from pv.lint.traits import Trait
from pv.lint.wording import did_you_mean, shortened
from pv.model.contract import Contract
from pv.model.finding import Finding
from pv.model.verdict import Severity


def check(contract: Contract, context: Context) -> Iterator[Finding]:
    """Yield a finding for every entry without a contract."""
    for position, name in enumerate(contract.depends_on):
        if context.registry.find(name) is None:
            known = context.registry.near(name)
            advice = did_you_mean(name, known, "add the contract, or remove the entry")
            message = f"depends_on names {shortened(name)}, expected a contract of this registry"
            path = ("metadata", "depends_on", position)
            fix = nearest_fix(contract, path, name, known)
            yield RULE.finding(contract, path, message, advice=advice, fix=fix)


RULE = Rule(
    id="PV-DEP-001",
    name="dangling-dependency",
    since="0.1",
    severity=Severity.ERROR,
    gate=GateName.COMPOSITION,
    fix=FixKind.SOMETIMES,
    page=__doc__,
    about=Trait.DEPENDS,
    check=check,
)
