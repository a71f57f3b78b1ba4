"""A harness that no falsifier names.

What it finds
    A function under `falsifiers/` that takes a run and returns measurements, and that no falsifier
    of the registry, nor a question beside one, names.
Why it matters
    It measures something that no contract judges: either a falsifier was lost, or the code is dead.
Example
    def forward_drift(run: Run) -> Measurements: …   # and no contract names ….py::forward_drift
Instead
    harness: falsifiers/ffn_gguf/layer_chain.py::forward_drift
Fix
    None: name it in a contract, or remove it.
"""

from __future__ import annotations

from collections.abc import Iterator

from pv.bindings.interface import Refusal
from pv.lint.context import Context
from pv.lint.repository import harness_files
from pv.lint.rule import FixKind, GateName, Rule
from pv.marks import Mark, Span
from pv.model.finding import Finding
from pv.model.verdict import Severity
from pv.registry.index import Registry

_RETURNS = "Measurements"


def check_registry(registry: Registry, context: Context) -> Iterator[Finding]:
    """Yield a finding for every harness function without a falsifier."""
    named = registry.harnesses
    for file in harness_files(registry.root):
        sources, path = context.resolver.python, context.resolver.root / file
        module = sources.module(path) if sources.mentions(path, _RETURNS) else None
        if module is None or isinstance(module, Refusal):
            continue
        for function in module.functions.values():
            public = not function.name.startswith("_")
            harness = function.returns.rsplit(".", 1)[-1] == _RETURNS and function.parameters == 1
            if public and harness and f"{file}::{function.name}" not in named:
                yield Finding(
                    rule=RULE.id,
                    severity=RULE.severity,
                    message=f"no falsifier names {file}::{function.name}, expected one",
                    span=Span(file, Mark(function.line, 1), Mark(function.line, 1)),
                    advice="name it as a harness in a contract, or remove it",
                )


RULE = Rule(
    id="PV-RCV-001",
    name="unnamed-harness",
    since="0.1",
    severity=Severity.WARNING,
    gate=GateName.REVERSE_COVERAGE,
    fix=FixKind.NEVER,
    page=__doc__,
    check_registry=check_registry,
)
