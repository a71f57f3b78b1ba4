"""A discharge by proxy that nobody declared.

What it finds
    A falsifier that claims DISCHARGED on the strength of another (`evidence_discharged_by`,
    "discharged by FALSIFY-…", "by proxy") which does not list it under `proxy_for`.
Why it matters
    The other falsifier answered its own question. Whether that answers this one too has to be said
    by somebody, where a reviewer sees it, and only then can it be checked.
Example
    - { id: F-1, status: DISCHARGED, evidence_discharged_by: [ F-2 ] }
    - { id: F-2, harness: … }
Instead
    - { id: F-1, status: DISCHARGED, evidence_discharged_by: [ F-2 ] }
    - { id: F-2, harness: …, proxy_for: [ F-1 ] }
Fix
    None: only the author knows whether the one covers the other.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from pv.lint.context import Context
from pv.lint.rule import FixKind, GateName, Rule
from pv.model.contract import Contract, Falsifier
from pv.model.finding import Finding
from pv.model.verdict import Severity, State

_KEYS: Final = ("evidence_discharged_by", "evidence_discharged_by_live")
_TEXTS: Final = ("note", "notes", "prediction", "partial_discharge_note")
_NAME: Final = r"[A-Z][A-Z0-9]*(?:-[A-Z0-9]+)*-\d+[a-z]?\b"
_BY: Final = re.compile(rf"\b[Dd]ischarged (?:by|through|via)\s+(?P<name>{_NAME})")
_PROXY: Final = re.compile(r"\bby proxy\b", re.IGNORECASE)


def check(contract: Contract, context: Context) -> Iterator[Finding]:
    """Yield a finding for every claim that rests on a falsifier which is no declared proxy."""
    claimed = [each for each in contract.falsifiers if each.status == State.DISCHARGED]
    known = context.registry.falsifiers if claimed else {}
    for falsifier in claimed:
        proxies = {
            name
            for name, group in known.items()
            for owned in group
            if falsifier.id in owned.falsifier.proxy_for
        }
        for key, named in _evidence(_entry(contract, falsifier)):
            foreign = named and named not in known
            if named in {falsifier.id, *proxies} or foreign or (not named and proxies):
                continue
            by = f"by {named}" if named else "by proxy"
            message = (
                f"{falsifier.id} claims DISCHARGED {by}, expected proxy_for {falsifier.id} there"
            )
            advice = "declare proxy_for in the other falsifier, or take the claim back"
            yield RULE.finding(contract, (*falsifier.path, key), message, advice=advice)


def _entry(contract: Contract, falsifier: Falsifier) -> Mapping[str, Any]:
    value: Any = contract.data
    for step in falsifier.path:
        value = value[step]
    return value if isinstance(value, Mapping) else {}


def _evidence(entry: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield each key with the falsifier that it names as evidence; empty: a proxy without name."""
    for key in _KEYS:
        value = entry.get(key)
        for each in value if isinstance(value, list) else [value]:
            if isinstance(each, str) and re.fullmatch(_NAME, each.strip()):
                yield key, each.strip()
    for key in _TEXTS:
        text = entry.get(key)
        names = [found["name"] for found in _BY.finditer(text)] if isinstance(text, str) else []
        yield from ((key, name) for name in names)
        if isinstance(text, str) and not names and _PROXY.search(text):
            yield key, ""


RULE = Rule(
    id="PV-MTH-008",
    name="undeclared-proxy",
    since="0.1",
    severity=Severity.ERROR,
    gate=GateName.METHODOLOGY,
    fix=FixKind.NEVER,
    page=__doc__,
    check=check,
)
