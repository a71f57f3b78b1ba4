"""A small registry on disk, a job in memory, and what a child might send back."""

from __future__ import annotations

import textwrap
from pathlib import Path

import pytest

from pv.discharge.job import SOUND, Ending, Job, Limits, Returned, Step, control_step
from pv.model.contract import Binding, BindingKind, Contract, Dialect, Expectation, Falsifier
from pv.model.measurement import Measurements, Metric, Sample
from pv.model.verdict import Level

SAMPLE = Sample("none", 1, (1,), "none", "float64", "synthetic")

HARNESS = '''
"""Harness of the test registry."""
import os, sys, time
from pv.errors import BadInputError, MissingError
from pv.falsifiers.interface import Run, unknown_fault
from pv.model.measurement import Measurements, Metric, Sample, Series

CONTROLS = {"tripled": "each step times three", "harmless": "another seed"}
SAMPLE = Sample("none", 1, (1,), "none", "float64", "synthetic")


def measured(**values):
    return Measurements(tuple(Metric(k, v, "1", SAMPLE) for k, v in values.items()))


def excess(run: Run):
    if run.fault is not None and run.fault not in CONTROLS:
        raise unknown_fault(run, CONTROLS)
    print("this is never a result: {}")
    run.once("inputs", lambda: print("computed once"))
    value = run.parameter("step") * (3 if run.fault == "tripled" else 1)
    return measured(excess=value, device=len(run.device))


def numpy_values(run: Run):
    import numpy as np

    return Measurements(
        (Metric("excess", np.float32(0.5), "1", SAMPLE), Metric("all", np.arange(3), "1", SAMPLE))
    )


def not_finite(run: Run):
    return measured(excess=float("nan") if run.fault is None else 1.0)


def control_not_finite(run: Run):
    return measured(excess=1.0 if run.fault is None else float("inf"))


def toothless(run: Run):
    return measured(excess=1.0)


def other_metric(run: Run):
    return measured(shrinkage=1.0)


def no_number(run: Run):
    return measured(excess=object())


def no_measurement(run: Run):
    return {"excess": 1.0}


def raises(run: Run):
    raise ZeroDivisionError("by the harness")


def leaves(run: Run):
    sys.exit(0)


def vanishes(run: Run):
    os._exit(0)


def segfaults(run: Run):
    os.kill(os.getpid(), 11)


def control_segfaults(run: Run):
    if run.fault:
        os.kill(os.getpid(), 11)
    return measured(excess=1.0)


def killed(run: Run):
    os.kill(os.getpid(), 9)


def hungry(run: Run):
    return [bytearray(1 << 28) for _ in range(1000)]


def sleeps(run: Run):
    time.sleep(1000)


def spawns(run: Run):
    child = os.fork()
    if child == 0:
        time.sleep(1000)
    with open("child-was-here", "w") as file:
        file.write(str(child))
    while True:
        time.sleep(1)


def leaves_a_child(run: Run):
    if os.fork() == 0:
        time.sleep(1000)
    return measured(excess=1.0 if run.fault is None else 9.0)


def floods(run: Run):
    for _ in range(3000):
        print("x" * 1000)
    return measured(excess=1.0 if run.fault is None else 9.0)


def bad_input(run: Run):
    raise BadInputError("tensor blk.0 is Q6_K, expected Q4_K")


def missing(run: Run):
    raise MissingError("no tokenizer here")


def environment(run: Run):
    forbidden = ("PYTHONPATH", "LD_PRELOAD", "NUMBA_DISABLE_JIT", "SECRET")
    return measured(
        excess=sum(name in os.environ for name in forbidden) if run.fault is None else 9,
        simulator=int(os.environ.get("NUMBA_ENABLE_CUDASIM", "0")),
        stdin=len(sys.stdin.read()) if not sys.stdin.closed else 0,
        device=len(run.device),
        order=hash("the order of sets repeats") % 1000,
    )


def reads_data(run: Run):
    with open(os.path.join(os.path.dirname(__file__), "tokens.txt")) as file:
        return measured(excess=float(file.read()) * (1 if run.fault is None else 9))
'''

ENTRY = """
  - id: {id}
    rule: excess is small
    prediction: excess stays at or below 2
    harness: falsifiers/toy.py::{function}
    parameters: {{ step: {step} }}
    expect:
      - {{ metric: excess, op: "<=", value: 2.0, reason: "by construction" }}
    controls: [{controls}]
    if_fails: the construction is wrong
"""
HEAD = """
metadata:
  id: {id}
  version: 1.0.0
  created: 2026-05-06
  updated: 2026-05-06
  author: the tests
  kind: pattern
  status: ACTIVE
  description: a contract for tests
changelog:
  - {{ version: 1.0.0, date: 2026-05-06, changes: [start] }}
falsification_tests:
"""


class Toy:
    """A registry in a temporary folder."""

    def __init__(self, root: Path) -> None:
        self.root = root
        (root / "contracts").mkdir()
        (root / "falsifiers").mkdir()
        self.harness = root / "falsifiers" / "toy.py"
        self.harness.write_text(HARNESS)
        (root / "falsifiers" / "tokens.txt").write_text("0.5")

    def contract(self, *entries: str, name: str = "toy-v1") -> Path:
        """Write a contract of these entries."""
        file = self.root / "contracts" / f"{name}.yaml"
        body = "".join(textwrap.dedent(each).join(("", "")) for each in entries)
        file.write_text(HEAD.format(id=name) + textwrap.indent(body, "  "))
        return file

    @staticmethod
    def entry(
        number: str = "001", function: str = "excess", step: float = 1.0, controls: str = "tripled"
    ) -> str:
        """Return one falsifier in YAML."""
        return ENTRY.format(
            id=f"FALSIFY-TOY-{number}", function=function, step=step, controls=controls
        )


@pytest.fixture
def toy(tmp_path):
    """Return an empty registry with a harness."""
    return Toy(tmp_path)


def falsifier(**changes):
    """Return a falsifier record."""
    plain = {
        "id": "FALSIFY-TOY-001",
        "path": ("falsification_tests", 0),
        "rule": "r",
        "prediction": "p",
        "binding": Binding(BindingKind.HARNESS, "falsifiers/toy.py::excess", ()),
        "parameters": {"step": 1.0},
        "expect": (Expectation("excess", "<=", 2.0, "because", ()),),
        "controls": ("tripled",),
    }
    return Falsifier(**{**plain, **changes})


def contract(*falsifiers, **changes):
    """Return a contract record."""
    plain = {
        "file": "contracts/toy-v1.yaml",
        "stem": "toy-v1",
        "text": "",
        "dialect": Dialect.PV,
        "data": {"falsification_tests": [{"id": each.id} for each in falsifiers]},
        "locate": lambda path, key: None,
        "id": "toy-v1",
        "version": "1.0.0",
        "kind": "pattern",
        "status": "ACTIVE",
        "created": None,
        "updated": None,
        "author": None,
        "description": "",
        "falsifiers": falsifiers,
    }
    return Contract(**{**plain, **changes})


@pytest.fixture
def make_job(tmp_path):
    """Return a maker of jobs: changes of the falsifier, limits, device."""

    def make(*, limits=None, device="cpu", root=tmp_path, **changes):
        one = falsifier(**changes)
        return Job(contract(one), one, root, Level.SYNTHETIC, device, limits or Limits())

    return make


def measured(**values):
    """Return measurements with these metrics."""
    return Measurements(tuple(Metric(k, v, "1", SAMPLE) for k, v in values.items()))


@pytest.fixture
def came_back():
    """Return a maker of what a child returned: the sound measurements and those under faults."""

    def make(sound, **faults):
        steps = [Step(SOUND, Ending.MEASURED, measurements=sound)]
        steps += [
            Step(control_step(name), Ending.MEASURED, measurements=each)
            if isinstance(each, Measurements)
            else Step(control_step(name), each, "planted")
            for name, each in faults.items()
        ]
        return Returned(tuple(steps), Ending.MEASURED, "", SOUND)

    return make


@pytest.fixture
def values():
    """Return the maker of measurements."""
    return measured
