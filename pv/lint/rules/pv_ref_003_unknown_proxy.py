"""A proxy for a falsifier that is not there.

What it finds
    An entry of `proxy_for` that is no falsifier of the registry, or is the falsifier itself.
Why it matters
    Discharge by proxy is the strongest thing one entry can do for another. It must say exactly for
    which.
Example
    - { id: F-017, proxy_for: [ F-061 ], … }
Instead
    - { id: F-017, proxy_for: [ F-016 ], … }
Fix
    Unsafe: writes the nearest falsifier, where one is near.
"""

from __future__ import annotations

from collections.abc import Iterator

from pv.lint.context import Context
from pv.lint.repair import nearest_fix
from pv.lint.rule import FixKind, GateName, Rule
from pv.lint.traits import Trait
from pv.lint.wording import did_you_mean
from pv.model.contract import Contract
from pv.model.finding import Finding
from pv.model.verdict import Severity


def check(contract: Contract, context: Context) -> Iterator[Finding]:
    """Yield a finding for every proxy entry that names no other falsifier."""
    if not any(falsifier.proxy_for for falsifier in contract.falsifiers):
        return
    known = context.registry.falsifiers
    for falsifier in contract.falsifiers:
        for position, name in enumerate(falsifier.proxy_for):
            path = (*falsifier.path, "proxy_for", position)
            if name == falsifier.id:
                message = f"{falsifier.id} is a proxy for itself, expected another falsifier"
                yield RULE.finding(contract, path, message, advice="remove the entry")
            elif name not in known:
                advice = did_you_mean(name, known, "add the falsifier")
                message = (
                    f"{falsifier.id} is a proxy for {name}, expected a falsifier of the registry"
                )
                fix = nearest_fix(contract, path, name, known)
                yield RULE.finding(contract, path, message, advice=advice, fix=fix)


RULE = Rule(
    id="PV-REF-003",
    name="unknown-proxy",
    since="0.1",
    severity=Severity.ERROR,
    gate=GateName.REFERENCES,
    fix=FixKind.SOMETIMES,
    page=__doc__,
    about=Trait.PROXIES,
    check=check,
)
