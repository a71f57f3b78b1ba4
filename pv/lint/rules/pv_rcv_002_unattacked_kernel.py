"""A kernel that no falsifier uses.

What it finds
    A folder of `kernels/` that no module under `falsifiers/` imports and no contract mentions.
Why it matters
    A kernel without a falsifier is only as good as its author's belief in it.
Example
    kernels/rope/reference.py   # and no harness imports it, no contract speaks of rope
Instead
    from pv.kernels.rope.reference import rotate   # in a harness that a falsifier names
Fix
    None: a falsifier has to be written.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from pv.bindings.interface import Refusal
from pv.lint.context import Context
from pv.lint.repository import harness_files, kernel_operations
from pv.lint.rule import FixKind, GateName, Rule
from pv.marks import whole_file
from pv.model.contract import Contract
from pv.model.finding import Finding
from pv.model.verdict import Severity
from pv.registry.index import Registry


def check_registry(registry: Registry, context: Context) -> Iterator[Finding]:
    """Yield a finding for every kernel that nothing attacks."""
    for operation in kernel_operations(registry.root):
        mentioned = any(_speaks_of(contract, operation) for contract in registry.contracts)
        if not mentioned and not _imported(operation, context):
            yield Finding(
                rule=RULE.id,
                severity=RULE.severity,
                message=f"no falsifier uses the kernel {operation}, expected one",
                span=whole_file(f"kernels/{operation}/reference.py"),
                advice="write a falsifier that runs it",
            )


def _imported(operation: str, context: Context) -> bool:
    """Return whether a module under `falsifiers/` imports the kernel, or something of it."""
    sources = context.resolver.python
    for file in harness_files(context.root):
        path = context.resolver.root / file
        module = sources.module(path) if sources.mentions(path, operation) else None
        if module is None or isinstance(module, Refusal):
            continue
        if any(operation in name.split(".") for name in module.imports):
            return True
    return False


def _speaks_of(contract: Contract, operation: str) -> bool:
    return re.search(rf"\b{re.escape(operation)}\b", contract.text) is not None


RULE = Rule(
    id="PV-RCV-002",
    name="unattacked-kernel",
    since="0.1",
    severity=Severity.WARNING,
    gate=GateName.REVERSE_COVERAGE,
    fix=FixKind.NEVER,
    page=__doc__,
    check_registry=check_registry,
)
