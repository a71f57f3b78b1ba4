"""A version that is not a semantic version.

What it finds
    A `metadata.version` that is not MAJOR.MINOR.PATCH as semver.org defines it.
Why it matters
    The size of a change is read off the version: a changed limit asks for a new MAJOR, prose for a
    PATCH. A version without three parts cannot say so.
Example
    version: "1.0"
Instead
    version: 1.0.0
Fix
    Safe where nothing is lost: X.Y becomes X.Y.0, and vX.Y.Z becomes X.Y.Z.
"""

from __future__ import annotations

from collections.abc import Iterator

from pv.lint.context import Context
from pv.lint.repair import rewritten
from pv.lint.rule import FixKind, GateName, Rule
from pv.lint.versions import parse_version, version_path
from pv.model.contract import Contract, Dialect, Path
from pv.model.finding import Finding, Fix
from pv.model.verdict import Severity
from pv.yamlfile.respell import Proposal


def check(contract: Contract, context: Context) -> Iterator[Finding]:
    """Yield a finding where the version is none, here or in the changelog."""
    places: list[tuple[Path, str]] = []
    if contract.version is not None and contract.dialect is not Dialect.OTHER:
        places.append((version_path(contract), contract.version))
    places += [((*each.path, "version"), each.version) for each in contract.changelog]
    for path, version in places:
        if parse_version(version) is None:
            message = f"version {version} is no semantic version, expected MAJOR.MINOR.PATCH"
            yield RULE.finding(
                contract,
                path,
                message,
                advice="write three numbers, such as 1.0.0",
                fix=_completed(contract, path, version),
            )


def _completed(contract: Contract, path: Path, version: str) -> Fix | None:
    """Return the fix of a version that lacks its last number, or has a letter before it."""
    meant = version.removeprefix("v")
    meant = f"{meant}.0" if meant.count(".") == 1 else meant
    if parse_version(meant) is None:
        return None
    return rewritten(contract, path, version, Proposal(f"write {meant}", meant, safe=True))


RULE = Rule(
    id="PV-CHG-001",
    name="unsemantic-version",
    since="0.1",
    severity=Severity.ERROR,
    gate=GateName.VERSIONS,
    fix=FixKind.SOMETIMES,
    page=__doc__,
    check=check,
)
