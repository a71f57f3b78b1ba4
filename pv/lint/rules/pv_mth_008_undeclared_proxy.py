"""A discharge by proxy that nobody declared.

What it finds
    A falsifier that claims DISCHARGED on the strength of another (`evidence_discharged_by`,
    "discharged by FALSIFY-…", by a stage that waits for another, "by proxy", the very command of
    another) which does not list it under `proxy_for`.
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
from collections.abc import Container, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final, NamedTuple

from pv.lint.context import Context
from pv.lint.figures.place import place
from pv.lint.rule import FixKind, GateName, Rule
from pv.lint.traits import Trait
from pv.model.contract import Contract, Falsifier, Path
from pv.model.finding import Finding
from pv.model.verdict import Severity, State

_KEYS: Final = ("evidence_discharged_by", "evidence_discharged_by_live")
_TEXTS: Final = (
    *("note", "notes", "prediction", "partial_discharge_note"),
    *("test", "evidence", "result"),
)
_NAME: Final = r"[A-Z][A-Z0-9]*(?:-[A-Z0-9]+)+[a-z]?(?![\w-])"
_BY: Final = re.compile(rf"\b[Dd]ischarged (?:by|through|via)\s+(?P<name>{_NAME})")
_PROXY: Final = re.compile(r"\bby proxy\b", re.IGNORECASE)
_COMMAND: Final = re.compile(r"(?:cargo|pytest|python3?|uv|make|bash|sh|\./\S+)\s")
_ADVICE: Final = "declare proxy_for in the other falsifier, or take the claim back"
_GATES: Final = ("gates", "expected_acceptance")


class _Evidence(NamedTuple):
    """What a falsifier says that it rests on: a name, or "by proxy" without one, and where."""

    name: str
    key: str
    text: str
    span: tuple[int, int]


def check(contract: Contract, context: Context) -> Iterator[Finding]:
    """Yield a finding for every claim that rests on a falsifier which is no declared proxy."""
    words = context.lifecycle.falsifier if context.lifecycle else None
    claimed = [
        each
        for each in contract.falsifiers
        if each.status and words and words.claims(each.status) is State.DISCHARGED
    ]
    yield from _same_test(contract, claimed)
    for falsifier in claimed:
        evidence = tuple(_evidence(_entry(contract, falsifier.path)))
        if not evidence:
            continue
        known = context.registry.falsifiers
        proxies = context.registry.proxies.get(falsifier.id, frozenset())
        for found in evidence:
            names = _meant(contract, found.name, known) - proxies
            if falsifier.id in names or not (names or (not found.name and not proxies)):
                continue
            by = f"by {', '.join(sorted(names))}" if names else "by proxy"
            stage = f" (stage {found.name})" if names and found.name not in names else ""
            message = (
                f"{falsifier.id} claims {falsifier.status} {by}{stage}, "
                f"expected proxy_for {falsifier.id} there"
            )
            path = (*falsifier.path, found.key)
            finding = RULE.finding(contract, path, message, advice=_ADVICE)
            if found.text:
                span = place(contract, path, found.text, *found.span)
                finding = replace(finding, span=span)
            yield finding


def _same_test(contract: Contract, claimed: Sequence[Falsifier]) -> Iterator[Finding]:
    """Yield a finding for a claim that rests on the very command of another: they cannot differ."""
    first: dict[str, Falsifier] = {}
    for falsifier in claimed:
        lines = falsifier.binding.text.replace("\\\n", " ").splitlines()
        command = " ".join(lines[0].split()) if lines else ""
        if not _COMMAND.match(command):
            continue
        other = first.setdefault(command, falsifier)
        if other is falsifier or falsifier.id in other.proxy_for or other.id in falsifier.proxy_for:
            continue
        message = (
            f"{falsifier.id} claims {falsifier.status} by the test of {other.id}, "
            f"expected proxy_for {falsifier.id} there"
        )
        yield RULE.finding(contract, falsifier.binding.path, message, advice=_ADVICE)


def _meant(contract: Contract, name: str, known: Container[str]) -> set[str]:
    """Return the falsifiers that a name stands for: itself, or those that a stage waits for."""
    if name in known:
        return {name}
    for stage in contract.stages:
        entry = _entry(contract, stage.path) if stage.id == name else {}
        listed = [each for key in _GATES for each in entry.get(key) or () if isinstance(each, str)]
        gates = {each.partition(" ")[0] for each in listed}
        if gates:
            return {each for each in gates if each in known}
    return set()


def _entry(contract: Contract, path: Path) -> Mapping[str, Any]:
    value: Any = contract.data
    for step in path:
        value = value[step]
    return value if isinstance(value, Mapping) else {}


def _evidence(entry: Mapping[str, Any]) -> Iterator[_Evidence]:
    """Yield what the entry of a falsifier names as its evidence."""
    for key in _KEYS:
        value = entry.get(key)
        for each in value if isinstance(value, list) else [value]:
            if isinstance(each, str) and re.fullmatch(_NAME, each.strip()):
                yield _Evidence(each.strip(), key, "", (0, 0))
    for key in _TEXTS:
        text = entry.get(key)
        if not isinstance(text, str):
            continue
        named = list(_BY.finditer(text))
        yield from (_Evidence(found["name"], key, text, found.span()) for found in named)
        if not named and (found := _PROXY.search(text)):
            yield _Evidence("", key, text, found.span())


RULE = Rule(
    id="PV-MTH-008",
    name="undeclared-proxy",
    since="0.1",
    severity=Severity.ERROR,
    gate=GateName.METHODOLOGY,
    fix=FixKind.NEVER,
    page=__doc__,
    about=Trait.CLAIMS,
    check=check,
)
