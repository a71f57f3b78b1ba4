"""Evidence for nothing.

What it finds
    A folder under `contracts/evidence/` whose name is no falsifier of the registry.
Why it matters
    The falsifier was renamed or removed and its receipts stayed: they look like evidence and
    support no claim.
Example
    contracts/evidence/FALSIFY-FFN-GGUF-O16/   # the falsifier is FALSIFY-FFN-GGUF-016
Instead
    contracts/evidence/FALSIFY-FFN-GGUF-016/
Fix
    None: give the falsifier its name back, or say in the changelog what became of it.
"""

from __future__ import annotations

from collections.abc import Iterator

from pv.lint.context import Context
from pv.lint.repository import evidence_folders
from pv.lint.rule import FixKind, GateName, Rule
from pv.lint.wording import did_you_mean
from pv.marks import whole_file
from pv.model.finding import Finding
from pv.model.verdict import Severity
from pv.registry.index import Registry


def check_registry(registry: Registry, context: Context) -> Iterator[Finding]:
    """Yield a finding for every folder of receipts without a falsifier."""
    known = registry.falsifiers
    for folder in evidence_folders(registry.root):
        name = folder.rpartition("/")[2]
        if name not in known:
            yield Finding(
                rule=RULE.id,
                severity=RULE.severity,
                message=f"evidence for {name}, expected a falsifier of the registry",
                span=whole_file(folder),
                advice=did_you_mean(name, known, "say in a changelog what became of it"),
            )


RULE = Rule(
    id="PV-EVD-002",
    name="orphaned-evidence",
    since="0.1",
    severity=Severity.WARNING,
    gate=GateName.EVIDENCE,
    fix=FixKind.NEVER,
    page=__doc__,
    check_registry=check_registry,
)
