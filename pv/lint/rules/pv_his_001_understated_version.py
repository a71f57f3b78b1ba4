"""A version that rose less than the change asks for.

What it finds
    A contract that changed since the base revision (`--base`; by default where the branch left the
    main one) while its version rose less than that asks for: changed limits, equations and removed
    claims ask for MAJOR, new claims and bindings for MINOR, prose for PATCH. Status moves have a
    rule of their own.
Why it matters
    Others pin a contract by its version. Under an unchanged one they find other claims than those
    that they agreed to.
Example
    version: 1.2.1   # 1.2.0 in the base revision, where the limit was 1.0
    expect: [ { metric: amplification, op: "<=", value: 2.0, reason: … } ]
Instead
    version: 2.0.0
    expect: [ { metric: amplification, op: "<=", value: 2.0, reason: … } ]
Fix
    None: `pv diff` lists what changed; raise the version and write its changelog entry.
"""

from __future__ import annotations

from collections.abc import Iterator

from pv.lint.context import Context
from pv.lint.rule import FixKind, GateName, Rule
from pv.lint.versions import parse_version, version_path
from pv.lint.wording import shortened
from pv.model.contract import Contract
from pv.model.finding import Finding
from pv.model.verdict import Severity
from pv.registry.change import Verb
from pv.registry.versions import Bump, raised


def check(contract: Contract, context: Context) -> Iterator[Finding]:
    """Yield a finding where the declared bump is smaller than the one asked for."""
    difference = context.past.difference(contract)
    if difference is None or difference.declared is None:
        return
    changes = [one for one in difference.changes if one.verb is not Verb.MOVED]
    asked = max((one.bump for one in changes), default=Bump.NONE)
    before = parse_version(difference.before.version or "")
    if before is None or difference.declared >= asked:
        return
    if asked is Bump.NONE:
        yield _lowered(contract, difference.before.version or "", context)
        return
    least = raised(before, asked)
    first = next(one for one in changes if one.bump is asked)
    more = len(changes) - 1
    what = shortened(str(first)) + (f" and {more} more" if more else "")
    message = (
        f"version {contract.version} follows {difference.before.version} of "
        f"{context.past.base.name}, expected {least} or more: {what}"
    )
    advice = f"set it to {least} and write its changelog entry; pv diff shows what changed"
    severity = Severity.WARNING if asked is Bump.PATCH else None
    yield RULE.finding(contract, version_path(contract), message, advice=advice, severity=severity)


def _lowered(contract: Contract, before: str, context: Context) -> Finding:
    message = (
        f"version {contract.version} follows {before} of {context.past.base.name}, "
        f"expected {before} or more"
    )
    advice = f"a version never falls; set it to {before} or more"
    return RULE.finding(contract, version_path(contract), message, advice=advice)


RULE = Rule(
    id="PV-HIS-001",
    name="understated-version",
    since="0.1",
    severity=Severity.ERROR,
    gate=GateName.HISTORY,
    fix=FixKind.NEVER,
    page=__doc__,
    check=check,
)
