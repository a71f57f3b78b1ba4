"""A proof harness for an obligation that is not there.

What it finds
    An entry of `kani_harnesses` whose `obligation` is written like an id and is neither an
    obligation nor an equation of the contract, or is a place in the list of obligations.
Why it matters
    The proof counts for nothing that is claimed, and the claim it was meant for looks proven.
Example
    proof_obligations: [ { id: SM-INV-001, property: sums to one } ]
    kani_harnesses: [ { id: KANI-SM-001, obligation: SM-INV-01 } ]
Instead
    kani_harnesses: [ { id: KANI-SM-001, obligation: SM-INV-001 } ]
Fix
    Unsafe: writes the nearest obligation or equation, where one is near, or the id of the one at
    that place.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from pv.lint.context import Context
from pv.lint.repair import nearest_fix, rewritten
from pv.lint.rule import FixKind, GateName, Rule
from pv.lint.traits import Trait
from pv.lint.wording import did_you_mean
from pv.model.contract import Contract, Path
from pv.model.finding import Finding
from pv.model.verdict import Severity
from pv.yamlfile.respell import Proposal


def check(contract: Contract, context: Context) -> Iterator[Finding]:
    """Yield a finding for every id-shaped obligation that does not stand in the contract."""
    entries = contract.data.get("kani_harnesses")
    known = tuple(
        [obligation.id for obligation in contract.obligations if obligation.id]
        + [equation.id for equation in contract.equations]
    )
    for position, entry in enumerate(entries if isinstance(entries, list) else []):
        name = entry.get("obligation") if isinstance(entry, Mapping) else None
        if not isinstance(name, str) or " " in name.strip() or not name.strip() or name in known:
            continue
        path = ("kani_harnesses", position, "obligation")
        if name.isascii() and name.isdigit():
            yield _numbered(contract, path, name)
            continue
        advice = did_you_mean(name, known, "give the obligation this id")
        message = f"proof harness for {name}, expected an obligation or equation of this contract"
        fix = nearest_fix(contract, path, name, known)
        yield RULE.finding(contract, path, message, advice=advice, fix=fix)


def _numbered(contract: Contract, path: Path, number: str) -> Finding:
    """Return the finding for a place in the list, which is no id."""
    count = len(contract.obligations)
    message = f"proof harness for obligation number {number}, expected an id: numbers move"
    if len(number) > 6 or not 1 <= int(number) <= count:
        return RULE.finding(contract, path, message, advice=f"there are {count}; name one by id")
    meant = contract.obligations[int(number) - 1].id
    if not meant:
        advice = f"give obligation {number} an id, and write it here"
        return RULE.finding(contract, path, message, advice=advice)
    fix = rewritten(contract, path, number, Proposal(f"write {meant}", meant, safe=False))
    return RULE.finding(contract, path, message, advice=f"write {meant}", fix=fix)


RULE = Rule(
    id="PV-REF-005",
    name="unknown-obligation",
    since="0.1",
    severity=Severity.WARNING,
    gate=GateName.REFERENCES,
    fix=FixKind.SOMETIMES,
    page=__doc__,
    about=Trait.PROOFS,
    check=check,
)
