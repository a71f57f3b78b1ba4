"""A registry of many contracts with receipts, each made by the writer of receipts itself.

Every falsifier has one receipt, a few of them refute, and one contract ships a model whose
criteria are gated by falsifiers of the others.
"""

from __future__ import annotations

import hashlib
import subprocess
from pathlib import Path
from unittest import mock

from pv.evidence.receipt import write_receipt
from pv.model.receipt import Comparison, ControlResult, GuardResult, Outcome
from pv.model.verdict import Level, Verdict
from pv.registry.contracts import load_contracts

HARNESS = '''"""Measures a number that its parameters give, and twice it under the planted fault."""

from pv.falsifiers.interface import Run
from pv.model.measurement import Measurements, Metric, Sample

CONTROLS = {"doubled": "the number times two"}
SAMPLE = Sample("none", 1, (1,), "none", "float64", "synthetic")


def number(run: Run):
    value = float(run.parameter("number")) * (2 if run.fault else 1)
    return Measurements((Metric("number", value, "1", SAMPLE),))
'''
HEAD = """\
metadata:
  id: C-HELD-{number:05d}
  version: 1.1.0
  created: 2026-01-01
  updated: 2026-02-01
  author: "The pv authors"
  kind: pattern
  status: PROPOSED
  description: |
    A number stays small in every one of these questions, which differ in nothing but in size.
  references: ["section {number}"]
changelog:
  - {{ version: 1.1.0, date: 2026-02-01, changes: ["Limits as derived"] }}
  - {{ version: 1.0.0, date: 2026-01-01, changes: ["First version"] }}
equations:
  size:
    formula: "y = {number} * x"
    domain: "x >= 0"
    invariants: ["y stays small"]
falsification_tests:
"""
ENTRY = """\
  - id: FALSIFY-HELD-{number:05d}-{at:03d}
    rule: a number stays small
    prediction: at or below the limit
    harness: falsifiers/number.py::number
    parameters: {{ number: {at} }}
    expect:
      - {{ metric: number, op: "<=", value: {limit}, reason: "by construction" }}
    controls: [doubled]
    if_fails: the construction is wrong
    status: {status}
"""
SHIP = """\
metadata:
  id: ship-v1
  version: 1.0.0
  created: 2026-01-01
  updated: 2026-01-01
  author: "The pv authors"
  kind: ship
  status: PROPOSED
  description: one model
changelog:
  - { version: 1.0.0, date: 2026-01-01, changes: ["First version"] }
models:
  - id: MODEL-1
    name: synthetic
    base: 0
    criteria:
"""
CRITERION = """\
      - {{ id: AC-{at:03d}, criterion: "a number stays small", weight: 1, gates: [{gate}] }}
"""
FALSIFIERS = 4


def write_registry(root: Path, count: int, *, committed: bool = True) -> int:
    """Write `count` contracts with four falsifiers and four receipts each; return the receipts.

    Contracts are committed first and receipts after them, as in a registry that is kept well.
    """
    source = root / "falsifiers" / "number.py"
    source.parent.mkdir(parents=True)
    source.write_text(HARNESS, encoding="utf-8")
    for number in range(count):
        path = path_of(root, number)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(contract_text(number), encoding="utf-8")
    gates = [f"FALSIFY-HELD-{number:05d}-000" for number in range(0, count, max(1, count // 20))]
    criteria = "".join(CRITERION.format(at=at, gate=gate) for at, gate in enumerate(gates))
    (root / "contracts" / "ship-v1.yaml").write_text(SHIP + criteria, encoding="utf-8")
    if committed:
        commit(root, "contracts", first=True)
    written = write_receipts(root)
    if committed:
        commit(root, "receipts")
    return written


def contract_text(number: int, edition: int = 0) -> str:
    """Return contract `number`; an `edition` is the same contract under another claim."""
    status = ("BOUND", "DISCHARGED")[edition % 2]
    entries = (
        ENTRY.format(number=number, at=at, limit=at * 1.5, status=status)
        for at in range(FALSIFIERS)
    )
    return HEAD.format(number=number) + "".join(entries)


def path_of(root: Path, number: int) -> Path:
    return root / "contracts" / f"part-{number // 100:03d}" / f"held-{number:05d}-v1.yaml"


def write_receipts(root: Path) -> int:
    """Record an outcome for every falsifier; every hundredth contract is refuted once."""
    source = root / "falsifiers" / "number.py"
    sources = {"falsifiers/number.py": hashlib.sha256(source.read_bytes()).hexdigest()}
    written = 0
    # Forty thousand receipts that no power cut will threaten: waiting for the disk is left out.
    with mock.patch("os.fsync"):
        for at, one in enumerate(load_contracts(root)):
            assert one.contract is not None, one.fault
            for number, falsifier in enumerate(one.contract.falsifiers):
                refuted = number == 3 and at % 100 == 50
                outcome = _outcome(one.contract.id, falsifier.id, number, sources, refuted)
                write_receipt(root, one.contract, falsifier, outcome, "c" * 40, record=True)
                written += 1
    return written


def _outcome(
    contract: str, falsifier: str, number: int, sources: dict[str, str], refuted: bool
) -> Outcome:
    limit = number * 1.5
    value = float(number) if not refuted else limit + 1

    def compared(value: float) -> tuple[Comparison, ...]:
        met = value <= limit
        return (
            Comparison("number", "<=", limit, None, value, met, value, None, "by construction"),
        )

    return Outcome(
        falsifier=falsifier,
        contract=contract,
        verdict=Verdict.REFUTED if refuted else Verdict.HELD,
        level=Level.SYNTHETIC,
        headline=f"number {value} against {limit}",
        device="cpu",
        comparisons=compared(value),
        guards=(GuardResult("teeth", True, False, "1 of 1", {"gone red": 1}),),
        controls=(ControlResult("doubled", True, True, True, compared(value + limit + 1)),),
        parameters={"number": number},
        sources=sources,
        environment={"python": "3.11", "machine": "synthetic"},
        seconds=0.01,
        command=("pv", "discharge", falsifier),
    )


def commit(root: Path, message: str, *, first: bool = False) -> None:
    who = ["-c", "user.name=t", "-c", "user.email=t@localhost", "-c", "core.fsync=none"]
    for words in ([["init", "-q"]] if first else []) + [["add", "-A"], ["commit", "-qm", message]]:
        subprocess.run(["git", *who, "-C", str(root), *words], check=True)  # noqa: S607 - on PATH
