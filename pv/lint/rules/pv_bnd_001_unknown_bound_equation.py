"""A binding row that names no equation.

What it finds
    A row of a binding table whose `contract` is not in the registry, or whose `equation` that
    contract does not have. A registry that holds none of the contracts of a table is not asked.
Why it matters
    The function counts as an implementation of something that is not there.
Example
    bindings: [ { contract: softmax-kernel-v1.yaml, equation: sofmax, function: softmax } ]
Instead
    bindings: [ { contract: softmax-kernel-v1.yaml, equation: softmax, function: softmax } ]
Fix
    None: the message names the nearest one.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import PurePosixPath

from pv.lint.context import Context
from pv.lint.rule import FixKind, GateName, Rule
from pv.lint.tables import rows_of, text_of
from pv.lint.traits import Trait
from pv.lint.wording import did_you_mean
from pv.model.contract import Contract
from pv.model.finding import Finding
from pv.model.verdict import Severity
from pv.registry.index import Registry


def check(contract: Contract, context: Context) -> Iterator[Finding]:
    """Yield a finding for every row whose contract or equation is not there."""
    registry = context.registry
    rows = [(path, row, text_of(row, "contract")) for path, row in rows_of(contract)]
    found = {name: _owners(registry, name) for _, _, name in rows if name}
    if not any(found.values()):
        return
    for path, row, name in rows:
        equation = text_of(row, "equation")
        if name and not found[name]:
            message = f"contract is {name}, expected one of the registry"
            stem = PurePosixPath(name).stem
            advice = did_you_mean(stem, registry.by_stem, "name a contract of it")
            yield RULE.finding(contract, (*path, "contract"), message, advice=advice)
        elif name and equation and all(owner.equations for owner in found[name]):
            known = [each.id for owner in found[name] for each in owner.equations]
            if equation not in known:
                message = f"equation is {equation}, expected one of {found[name][0].stem}"
                advice = did_you_mean(equation, known, f"it has {', '.join(known[:5])}")
                yield RULE.finding(contract, (*path, "equation"), message, advice=advice)


def _owners(registry: Registry, name: str) -> tuple[Contract, ...]:
    """Return the contracts that a row may mean: several where a stem stands for several files."""
    one = registry.find(name)
    return registry.by_stem.get(one.stem, (one,)) if one is not None else ()


RULE = Rule(
    id="PV-BND-001",
    name="unknown-bound-equation",
    since="0.1",
    severity=Severity.ERROR,
    gate=GateName.REFERENCES,
    fix=FixKind.NEVER,
    page=__doc__,
    about=Trait.ROWS,
    check=check,
)
