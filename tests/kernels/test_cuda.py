"""The CUDA kernels on their cases: in the simulator always, on a device where there is one."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

from pv.kernels import Backend, availability, find
from tests.kernels.cuda_cases import selected

ROOT = Path(__file__).parents[2]


@cache
def outcome(mode):
    """What differs, case by case, from one process in the simulator or on the device."""
    environment = {k: v for k, v in os.environ.items() if k != "NUMBA_ENABLE_CUDASIM"}
    if mode == "simulator":
        environment["NUMBA_ENABLE_CUDASIM"] = "1"
    which = "quick" if mode == "simulator" else "all"
    done = subprocess.run(
        [sys.executable, "-m", "tests.kernels.cuda_cases", which],
        cwd=ROOT, env=environment, capture_output=True, text=True, check=False, timeout=240,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def names(which):
    return [f"{folder}.{function}-{case.name}" for folder, function, case in selected(which)]


@pytest.mark.parametrize("name", names("quick"))
def test_in_the_simulator(name):
    assert outcome("simulator")["cases"][name] == ""


@pytest.mark.parametrize("mode", ["simulator", "device"])
def test_one_thread_block_reaches_every_row(mode):
    if mode == "device":
        _need_device()
    strided = outcome(mode)["one thread block"]
    assert len(strided) >= 10
    assert {name: text for name, text in strided.items() if text} == {}


def test_on_the_device():
    _need_device()
    cases = outcome("device")["cases"]
    assert set(cases) == set(names("all"))
    assert {name: text for name, text in cases.items() if text} == {}


def _need_device():
    state = availability(find("q4k_q8k_matvec", Backend.CUDA))
    if not state.available or state.reason.startswith("simulator"):
        pytest.skip(f"device tests: {state.reason}")
