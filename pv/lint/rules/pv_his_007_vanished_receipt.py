"""A verdict against a claim that was deleted.

What it finds
    A receipt of the base revision with the verdict REFUTED or INCONCLUSIVE whose file is no longer
    there, while its falsifier still is.
Why it matters
    The worst fresh receipt decides a state. Deleting the one that says no turns red into green
    without a run, and leaves nothing that anybody would look at.
Example
    git rm contracts/evidence/FALSIFY-FFN-GGUF-016/5b1c9d7e2f3a4b60.json   # REFUTED
Instead
    keep it: once the kernel is mended its receipt is stale, and the next HELD one decides
Fix
    None: bring the file back, `git checkout BASE -- FILE`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Final

from pv.lint.context import Context
from pv.lint.rule import FixKind, GateName, Rule
from pv.marks import whole_file
from pv.model.finding import Finding
from pv.model.verdict import Severity, Verdict
from pv.registry.index import Registry

_AGAINST: Final = (Verdict.REFUTED, Verdict.INCONCLUSIVE)


def check(registry: Registry, context: Context) -> Iterator[Finding]:
    """Yield a finding for every receipt against a claim that vanished."""
    for file, text in sorted(context.past.lost_receipts.items()):
        falsifier = file.split("/")[-2]
        verdict = _verdict(text)
        if verdict is None or falsifier not in registry.falsifiers:
            continue
        base = context.past.base
        article = "an" if verdict is Verdict.INCONCLUSIVE else "a"
        message = (
            f"{article} {verdict} receipt of {falsifier} in {base.name} is gone, expected it kept"
        )
        advice = f"bring it back: git checkout {base.name} -- {file}"
        yield Finding(RULE.id, RULE.severity, message, whole_file(file), advice=advice)


def _verdict(text: str) -> Verdict | None:
    """Return the verdict of a receipt that says no; None for any other, and for what is none."""
    try:
        predicate = json.loads(text)["predicate"]
    except (ValueError, KeyError, TypeError, RecursionError):
        return None
    found = predicate.get("verdict") if isinstance(predicate, Mapping) else None
    return next((each for each in _AGAINST if each.value == found), None)


RULE = Rule(
    id="PV-HIS-007",
    name="vanished-receipt",
    since="0.1",
    severity=Severity.ERROR,
    gate=GateName.HISTORY,
    fix=FixKind.NEVER,
    page=__doc__,
    check_registry=check,
)
