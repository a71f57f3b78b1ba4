"""Contracts that depend on each other in a loop.

What it finds
    A loop of `depends_on`, also one contract that names itself. The whole loop is shown, once, in
    the file that comes first.
Why it matters
    In a loop every claim rests on itself: nothing is the first to be shown.
Example
    # parser-soundness-v1
    depends_on: [ encoder-roundtrip-v1 ]
    # encoder-roundtrip-v1
    depends_on: [ parser-soundness-v1 ]
Instead
    # encoder-roundtrip-v1
    depends_on: [ parser-soundness-v1 ]
Fix
    None: only the authors know which of them comes first.
"""

from __future__ import annotations

from collections.abc import Iterator

from pv.lint.context import Context
from pv.lint.rule import FixKind, GateName, Rule
from pv.model.contract import Contract
from pv.model.finding import Finding
from pv.model.verdict import Severity
from pv.registry.index import Registry


def check_registry(registry: Registry, context: Context) -> Iterator[Finding]:
    """Yield a finding for every loop, at the entry that begins it."""
    by_file = {contract.file: contract for contract in registry.contracts}
    for loop in registry.cycles():
        contracts = [by_file[file] for file in loop]
        names = " → ".join(each.stem for each in (*contracts, contracts[0]))
        first, following = contracts[0], (*contracts, contracts[0])[1]
        path = ("metadata", "depends_on", _entry(registry, first, following))
        message = f"depends_on leads back: {names}, expected no loop"
        yield RULE.finding(first, path, message, advice="remove one of these dependencies")


def _entry(registry: Registry, contract: Contract, following: Contract) -> int:
    """Return the position of the entry that names `following`."""
    found = [registry.find(name) for name in contract.depends_on]
    return next(i for i, each in enumerate(found) if each is following)


RULE = Rule(
    id="PV-DEP-002",
    name="dependency-cycle",
    since="0.1",
    severity=Severity.ERROR,
    gate=GateName.COMPOSITION,
    fix=FixKind.NEVER,
    page=__doc__,
    check_registry=check_registry,
)
