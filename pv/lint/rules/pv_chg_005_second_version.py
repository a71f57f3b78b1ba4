"""Two version numbers in one file.

What it finds
    A `version` at the top of the file that differs from `metadata.version`.
Why it matters
    Some tools read one, some the other: they then speak of two contracts.
Example
    version: 1.4.0
    metadata: { version: 1.0.0 }
Instead
    metadata: { version: 1.4.0 }
Fix
    None: only the author knows which one is right.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from pv.lint.context import Context
from pv.lint.rule import FixKind, GateName, Rule
from pv.model.contract import Contract
from pv.model.finding import Finding
from pv.model.verdict import Severity


def check(contract: Contract, context: Context) -> Iterator[Finding]:
    """Yield a finding where the two differ."""
    metadata = contract.data.get("metadata")
    inner = metadata.get("version") if isinstance(metadata, Mapping) else None
    outer = contract.data.get("version")
    if inner is not None and outer is not None and str(inner) != str(outer):
        message = f"version is {outer} here and {inner} in metadata, expected one version"
        advice = "keep metadata.version and remove this key"
        yield RULE.finding(contract, ("version",), message, advice=advice)


RULE = Rule(
    id="PV-CHG-005",
    name="second-version",
    since="0.1",
    severity=Severity.ERROR,
    gate=GateName.VERSIONS,
    fix=FixKind.NEVER,
    page=__doc__,
    check=check,
)
