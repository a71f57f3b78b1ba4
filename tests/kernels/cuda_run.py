"""Runs the CUDA modules beside this file, each in a process of its own, and says where it can.

Numba decides between simulator and device when it is imported.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from functools import cache
from pathlib import Path

from pv.kernels import Backend, availability, find

ROOT = Path(__file__).parents[2]


@cache
def outcome(module, mode, *arguments, before=()):
    """The JSON object that `tests.kernels.<module>` prints in the simulator or on the device."""
    environment = {k: v for k, v in os.environ.items() if k != "NUMBA_ENABLE_CUDASIM"}
    if mode == "simulator":
        environment["NUMBA_ENABLE_CUDASIM"] = "1"
    done = subprocess.run(
        [*before, sys.executable, "-m", f"tests.kernels.{module}", *arguments],
        cwd=ROOT, env=environment, capture_output=True, text=True, check=False, timeout=240,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr + done.stdout
    return json.loads(done.stdout.splitlines()[-1])


def differing(found):
    """What is not as it should be: texts that are not empty, answers that are not true."""
    assert found
    return {name: answer for name, answer in found.items() if answer not in ("", True)}


def no_device():
    """Why there is no device here, empty where there is one; a simulator is none."""
    state = availability(find("q4k_q8k_matvec", Backend.CUDA))
    usable = state.available and not state.reason.startswith("simulator")
    return "" if usable else state.reason
