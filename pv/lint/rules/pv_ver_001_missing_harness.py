"""A harness that is not there.

What it finds
    A `harness` or `pytest` reference, also of a question asked beside a falsifier, whose file,
    function or named control does not exist.
Why it matters
    The falsifier can never run, so whatever state it claims was not earned.
Example
    harness: falsifiers/ffn_gguf/layer_chian.py::forward_drift
Instead
    harness: falsifiers/ffn_gguf/layer_chain.py::forward_drift
Fix
    Unsafe: writes the nearest function, file or control, where one is near.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pv.bindings.interface import BindingClass, Resolution
from pv.lint.context import Context
from pv.lint.repair import word_rewritten
from pv.lint.rule import FixKind, GateName, Rule
from pv.lint.traits import Trait
from pv.model.contract import BindingKind, Contract, Falsifier, Path
from pv.model.finding import Finding
from pv.model.verdict import Severity

KINDS = frozenset({BindingKind.HARNESS, BindingKind.PYTEST})
"""References that are judged in every run, not only under strict binding."""


def check(contract: Contract, context: Context) -> Iterator[Finding]:
    """Yield a finding for every structured reference that leads nowhere."""
    for falsifier in contract.falsifiers:
        if falsifier.binding.kind in KINDS:
            for found in context.resolver.resolve(falsifier):
                if found.binding_class is BindingClass.DANGLING:
                    message = f"{falsifier.id}: {found.reason}"
                    control = _control(contract, falsifier, found)
                    path = control or falsifier.binding.path
                    fix = word_rewritten(contract, path, found.missing, found.nearest)
                    advice = _advice(found)
                    if control and not found.nearest:
                        advice = "name a fault of the harness's CONTROLS, or plant this one there"
                    yield RULE.finding(contract, path, message, advice=advice, fix=fix)
        for companion in falsifier.beside:
            found = context.resolver.harness(companion.harness)
            if found.binding_class is BindingClass.DANGLING:
                message = f"{falsifier.id}, beside {companion.name}: {found.reason}"
                path = (*companion.path, "harness")
                fix = word_rewritten(contract, path, found.missing, found.nearest)
                yield RULE.finding(contract, path, message, advice=_advice(found), fix=fix)


def _control(contract: Contract, falsifier: Falsifier, found: Resolution) -> Path | None:
    """Return where the control stands that is missing; None where something else is."""
    entry: Any = contract.data
    for step in falsifier.path:
        entry = entry[step]
    for key in ("controls", "green_controls"):
        named = entry.get(key) if found.missing not in falsifier.binding.text else None
        if named == found.missing:
            return (*falsifier.path, key)
        if isinstance(named, list) and found.missing in named:
            return (*falsifier.path, key, named.index(found.missing))
    return None


def _advice(found: Resolution) -> str:
    if found.nearest:
        return f"did you mean {found.nearest}?"
    return "write the harness, or declare planned with its reason"


RULE = Rule(
    id="PV-VER-001",
    name="missing-harness",
    since="0.1",
    severity=Severity.ERROR,
    gate=GateName.VERIFY,
    fix=FixKind.SOMETIMES,
    page=__doc__,
    about=Trait.HARNESSES | Trait.BESIDE,
    check=check,
)
