"""A harness without a limit.

What it finds
    A falsifier, or a question beside one, that runs a harness and has no `expect`.
Why it matters
    A harness only measures. Without a limit there is nothing the measurement could break, so no
    outcome would ever be red.
Example
    - id: FALSIFY-FFN-GGUF-011
      harness: falsifiers/ffn_gguf/softmax_saturation.py::amplification
Instead
    - id: FALSIFY-FFN-GGUF-011
      harness: falsifiers/ffn_gguf/softmax_saturation.py::amplification
      expect: [ { metric: amplification, op: "<=", value: 1.0, reason: "above 1 it amplifies" } ]
Fix
    None: only the author knows the limit.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from pv.lint.context import Context
from pv.lint.rule import FixKind, GateName, Rule
from pv.lint.traits import Trait
from pv.model.contract import BindingKind, Contract, Path
from pv.model.finding import Finding
from pv.model.verdict import Severity


def check(contract: Contract, context: Context) -> Iterator[Finding]:
    """Yield a finding for every harness whose measurement nothing judges."""
    advice = "add expect with metric, op, value and reason"
    for falsifier in contract.falsifiers:
        harness = falsifier.binding.kind is BindingKind.HARNESS
        if harness and not (falsifier.expect or _written(contract, falsifier.path)):
            message = f"{falsifier.id}: a harness and no limit, expected `expect`"
            yield RULE.finding(contract, falsifier.binding.path, message, advice=advice)
        for companion in falsifier.beside:
            if not (companion.expect or _written(contract, companion.path)):
                message = (
                    f"{falsifier.id}, beside {companion.name}: a harness and no limit, "
                    "expected `expect`"
                )
                yield RULE.finding(contract, companion.path, message, advice=advice)


def _written(contract: Contract, path: Path) -> bool:
    """Tell whether limits stand there, which could not be read: that has a finding of its own."""
    entry: Any = contract.data
    for step in path:
        entry = entry[step]
    return isinstance(entry, Mapping) and bool(entry.get("expect"))


RULE = Rule(
    id="PV-ENF-001",
    name="unlimited-falsifier",
    since="0.1",
    severity=Severity.ERROR,
    gate=GateName.ENFORCE,
    fix=FixKind.NEVER,
    page=__doc__,
    about=Trait.HARNESSES | Trait.BESIDE,
    check=check,
)
