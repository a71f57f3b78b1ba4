"""Kills `pv discharge --record` at random moments and looks at what is left; prints JSON.

    python -m tests.soak.killed_runs KILLS SEED

A verdict is acknowledged when its line is printed. It must be on disk then, whole; no process may
be left; and the next run must be able to go on where this one ended.
"""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from pv.evidence import store
from tests.soak.processes import alive, below
from tests.soak.synthetic_registry import write_registry

ROOT = Path(__file__).parents[2]
FALSIFIERS = 40


def kill_once(root: Path, delay: float) -> tuple[int, list[str]]:
    """Kill one run after a while; return the verdicts it printed, and what was lost or left."""
    command = [sys.executable, "-m", "pv", "discharge", "--changed", "--record", "--jobs", "2"]
    process = subprocess.Popen(
        [*command, "--root", str(root)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    children: set[int] = set()
    end = time.monotonic() + delay
    while time.monotonic() < end and process.poll() is None:
        children |= below(process.pid)
        time.sleep(0.01)
    children |= below(process.pid)
    process.kill()
    out, _ = process.communicate()
    lines = [line for line in out.split("\n")[:-1] if line.startswith("NIGHT-")]
    told = [line.split()[0] for line in lines if " HELD " in line]
    faults = [f"{name}: printed and not on disk" for name in told if not _whole(root, name)]
    faults += [
        f"damaged: {each}"
        for number in range(1, FALSIFIERS + 1)
        for each in store.read_folder(root, f"FALSIFY-NIGHT-{number:04d}", record=True)
        if isinstance(each, store.Damaged)
    ]
    end = time.monotonic() + 10
    while any(map(alive, children)) and time.monotonic() < end:
        time.sleep(0.02)
    left = [each for each in children if alive(each)]
    for each in left:
        os.kill(each, signal.SIGKILL)
    return len(told), faults + ([f"{len(left)} processes left"] if left else [])


def _whole(root: Path, name: str) -> bool:
    found = [*store.read_folder(root, f"FALSIFY-{name}", record=True)]
    return bool(found) and not any(isinstance(each, store.Damaged) for each in found)


def main(kills: int, seed: int) -> dict[str, Any]:
    """Kill runs over one registry that is emptied whenever it is through."""
    draw, told, faults, rounds = random.Random(seed), 0, list[str](), 0  # noqa: S311 - moments, no secret
    for number in range(kills):
        if number % 10 == 0:
            folder = tempfile.TemporaryDirectory()
            root = Path(folder.name) / "registry"
            write_registry(root, FALSIFIERS)
            rounds += 1
        printed, found = kill_once(root, draw.uniform(0.2, 2.5))
        told += printed
        faults += [f"kill {number}: {each}" for each in found]
    return {"kills": kills, "registries": rounds, "printed": told, "faults": faults}


if __name__ == "__main__":
    sys.stdout.write(json.dumps(main(int(sys.argv[1]), int(sys.argv[2]))))
