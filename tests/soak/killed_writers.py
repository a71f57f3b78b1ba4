"""Kills a writer of receipts at every step of a write and at random moments; prints JSON.

    python -m tests.soak.killed_writers KILLS SEED

Every kill is SIGKILL to a process of its own. What it had acknowledged must be there, whole; what
it had not may be there, whole, or not at all.
"""

from __future__ import annotations

import json
import os
import random
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

from pv.evidence import store
from pv.evidence.statement import PREDICATE_TYPE, STATEMENT_TYPE

ID = "FALSIFY-KILL-001"


def statement(number: int) -> dict[str, Any]:
    """Return a statement unlike all others, of some size."""
    return {
        "_type": STATEMENT_TYPE,
        "predicateType": PREDICATE_TYPE,
        "subject": [{"name": f"source:{number}", "digest": {"sha256": "0" * 64}}],
        "predicate": {"falsifier": ID, "number": number, "filler": "x" * 20_000},
    }


def write_until_killed(root: Path, seed: int, acknowledged: int, at: int | None) -> None:
    """Write receipts and acknowledge each; die at the `at`-th step, or when somebody says so."""
    if at is not None:
        _die_at(at)
    for number in range(seed * 1000, seed * 1000 + 1000):
        path = store.write(root, ID, statement(number), record=True)
        os.write(acknowledged, f"{path}\n".encode())


def _die_at(step: int) -> None:
    """Make this process kill itself right after its `step`-th operation on the disk."""
    left = [step]

    def counted(function: Callable[..., Any]) -> Callable[..., Any]:
        def call(*arguments: Any, **options: Any) -> Any:
            found = function(*arguments, **options)
            left[0] -= 1
            if left[0] == 0:
                os.kill(os.getpid(), signal.SIGKILL)
            return found

        return call

    os.open, os.fsync, os.close = counted(os.open), counted(os.fsync), counted(os.close)
    Path.replace = counted(Path.replace)  # type: ignore[method-assign]  # counted, not changed
    Path.mkdir = counted(Path.mkdir)  # type: ignore[method-assign]  # as above


def one_kill(root: Path, seed: int, at: int | None, delay: float) -> tuple[int, str]:
    """Kill one writer; return how many it acknowledged, and a fault where something was lost."""
    read, written = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(read)
        write_until_killed(root, seed, written, at)
        os._exit(0)
    os.close(written)
    if at is None:
        time.sleep(delay)
        os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    with os.fdopen(read, encoding="utf-8") as lines:
        acknowledged = lines.read().split("\n")[:-1]
    found = [*store.read_folder(root, ID, record=True)]
    damaged = [each for each in found if isinstance(each, store.Damaged)]
    if damaged:
        return len(acknowledged), f"damaged: {damaged[0]}"
    lost = set(acknowledged) - {each.path for each in found}
    return len(acknowledged), f"lost: {sorted(lost)}" if lost else ""


def main(kills: int, seed: int) -> dict[str, Any]:
    """Kill writers, half of them at a step in turn and half at random, each in a fresh registry."""
    draw, counts, faults = random.Random(seed), Counter[str](), list[str]()  # noqa: S311 - moments, no secret
    for number in range(kills):
        with tempfile.TemporaryDirectory() as folder:
            at = number // 2 + 1 if number % 2 else None
            at = (at - 1) % 40 + 1 if at else None
            acknowledged, fault = one_kill(Path(folder), number, at, draw.uniform(0.0, 0.08))
            counts["at a step" if at else "at random"] += 1
            counts["acknowledged"] += acknowledged
            faults += [f"kill {number}: {fault}"] if fault else []
    return {"kills": kills, **counts, "faults": faults}


if __name__ == "__main__":
    sys.stdout.write(json.dumps(main(int(sys.argv[1]), int(sys.argv[2]))))
