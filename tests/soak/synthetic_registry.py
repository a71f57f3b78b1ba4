"""A registry of many falsifiers that cost nothing, for runs that are long or killed."""

from __future__ import annotations

from pathlib import Path

HARNESS = '''
"""Measures a number that its parameters give, and twice it under the planted fault."""
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
  id: {stem}
  version: 1.0.0
  created: 2026-05-06
  updated: 2026-05-06
  author: the tests
  kind: pattern
  description: synthetic falsifiers
changelog:
  - {{ version: 1.0.0, date: 2026-05-06, changes: [start] }}
falsification_tests:
"""
ENTRY = """\
  - id: FALSIFY-NIGHT-{index:04d}
    rule: a number stays small
    prediction: at or below {limit}
    harness: falsifiers/night.py::number
    parameters: {{ number: {index} }}
    expect:
      - {{ metric: number, op: "<=", value: {limit}, reason: "by construction" }}
    controls: [doubled]
    if_fails: the construction is wrong
"""
_IN_A_FILE = 50


def write_registry(root: Path, count: int) -> None:
    """Write contracts with `count` falsifiers, all of which hold, and their one harness."""
    (root / "contracts").mkdir(parents=True)
    (root / "falsifiers").mkdir()
    (root / "falsifiers" / "night.py").write_text(HARNESS, encoding="utf-8")
    for first in range(1, count + 1, _IN_A_FILE):
        stem = f"night-{first:04d}-v1"
        indices = range(first, min(first + _IN_A_FILE, count + 1))
        entries = "".join(ENTRY.format(index=each, limit=each * 1.5) for each in indices)
        text = HEAD.format(stem=stem) + entries
        (root / "contracts" / f"{stem}.yaml").write_text(text, encoding="utf-8")
