"""Two contracts with one id.

What it finds
    A `metadata.id` (or the file's stem, where there is no id) that another contract has too.
Why it matters
    Dependencies, receipts and reports name contracts by id. With two of a name, which one is meant
    depends on the order in which files are read.
Example
    # contracts/a-v1.yaml and contracts/b-v1.yaml
    metadata: { id: C-SOFTMAX }
Instead
    # contracts/b-v1.yaml
    metadata: { id: C-SOFTMAX-BACKWARD }
Fix
    None: only the author knows which contract keeps the name.
"""

from __future__ import annotations

from collections.abc import Iterator

from pv.lint.context import Context
from pv.lint.rule import FixKind, GateName, Rule
from pv.model.finding import Finding
from pv.model.verdict import Severity
from pv.registry.index import Registry


def check_registry(registry: Registry, context: Context) -> Iterator[Finding]:
    """Yield a finding for every contract after the first of an id."""
    for name, contracts in registry.by_id.items():
        first = contracts[0]
        for contract in contracts[1:]:
            if contract.stem == name and first.stem == name:
                continue  # the stem is the fault, and has a rule of its own
            message = f"id {name} stands in {first.file} too, expected an id of its own"
            advice = "rename one of them, and what refers to it"
            yield RULE.finding(contract, ("metadata", "id"), message, advice=advice)


RULE = Rule(
    id="PV-IDS-001",
    name="duplicate-contract-id",
    since="0.1",
    severity=Severity.ERROR,
    gate=GateName.DUPLICATE_STEMS,
    fix=FixKind.NEVER,
    page=__doc__,
    check_registry=check_registry,
)
