"""Evidence that names a receipt which is not there.

What it finds
    An entry of a falsifier's `evidence` that is a path below `contracts/evidence/` and no file, or
    one in the folder of another falsifier that is no declared proxy.
Why it matters
    A reader who follows the claim to its record has to find it. States are derived from the
    receipts that are there, so the pointer would be wrong in silence.
Example
    evidence: contracts/evidence/FALSIFY-001/0123456789abcdef.json
Instead
    evidence: contracts/evidence/FALSIFY-002/6da3f1c2b9e80475.json
Fix
    None: `pv promote` points at the receipts that bear the claim now; where there are none, a run
    has to be recorded, or the pointer taken out.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import Any, Final

from pv.lint.context import Context
from pv.lint.rule import FixKind, GateName, Rule
from pv.model.contract import Contract, Path
from pv.model.finding import Finding
from pv.model.verdict import Severity

_RECEIPTS: Final = "contracts/evidence/"


def check(contract: Contract, context: Context) -> Iterator[Finding]:
    """Yield a finding for every pointer that leads to no receipt of its falsifier."""
    if _RECEIPTS not in contract.text:
        return
    proxies: dict[str, list[str]] = {}
    for falsifier in contract.falsifiers:
        for name in falsifier.proxy_for:
            proxies.setdefault(name, []).append(falsifier.id)
    for falsifier in contract.falsifiers:
        for path, text in _pointers(contract, falsifier.path):
            owner = PurePosixPath(text).parent.name
            advice = f"pv discharge {falsifier.id} --record, or take the pointer out"
            if owner != falsifier.id and owner not in proxies.get(falsifier.id, ()):
                message = f"{falsifier.id}: evidence is a receipt of {owner}"
                yield RULE.finding(contract, path, message, advice=advice)
            elif not (context.root / text).is_file():
                message = f"{falsifier.id}: evidence {text} is not there"
                first = f"where none is left first pv discharge {falsifier.id} --record"
                advice = f"pv promote {falsifier.id} names the receipts there are; {first}"
                yield RULE.finding(contract, path, message, advice=advice)


def _pointers(contract: Contract, path: Path) -> Iterator[tuple[Path, str]]:
    entry: Any = contract.data
    for step in path:
        entry = entry[step]
    held = entry.get("evidence") if isinstance(entry, dict) else None
    single = isinstance(held, str)
    several = held if isinstance(held, list) else []
    for number, each in enumerate([held] if single else several):
        if isinstance(each, str) and each.startswith(_RECEIPTS) and each.endswith(".json"):
            yield (*path, "evidence") if single else (*path, "evidence", number), each


RULE = Rule(
    id="PV-EVD-004",
    name="dangling-evidence",
    since="0.1",
    severity=Severity.WARNING,
    gate=GateName.EVIDENCE,
    fix=FixKind.NEVER,
    page=__doc__,
    check=check,
)
