"""Two files with one name.

What it finds
    Contract files in different folders whose names are equal apart from the ending.
Why it matters
    `depends_on` names contracts by the stem of their file. Of two equal stems one is never found,
    and which one depends on the order of folders.
Example
    contracts/softmax-v1.yaml
    contracts/gpu/softmax-v1.yaml
Instead
    contracts/softmax-v1.yaml
    contracts/gpu/softmax-gpu-v1.yaml
Fix
    None: rename one file, and the entries that mean it.
"""

from __future__ import annotations

from collections.abc import Iterator

from pv.lint.context import Context
from pv.lint.rule import FixKind, GateName, Rule
from pv.model.finding import Finding
from pv.model.verdict import Severity
from pv.registry.index import Registry


def check_registry(registry: Registry, context: Context) -> Iterator[Finding]:
    """Yield a finding for every file after the first of a stem."""
    for stem, contracts in registry.by_stem.items():
        for contract in contracts[1:]:
            message = f"stem {stem} is the stem of {contracts[0].file} too, expected its own"
            yield RULE.finding(contract, (), message, advice="rename one of the files")


RULE = Rule(
    id="PV-IDS-003",
    name="duplicate-stem",
    since="0.1",
    severity=Severity.ERROR,
    gate=GateName.DUPLICATE_STEMS,
    fix=FixKind.NEVER,
    page=__doc__,
    check_registry=check_registry,
)
