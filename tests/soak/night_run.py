"""Discharges many synthetic falsifiers in one run; prints time and memory as JSON.

python -m tests.soak.night_run FALSIFIERS [JOBS]
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from pv.evidence import store
from tests.soak.processes import below, resident
from tests.soak.synthetic_registry import write_registry

ROOT = Path(__file__).parents[2]


def night(count: int, jobs: int) -> dict[str, Any]:
    """Run all falsifiers of a fresh registry, and watch memory of the run and of what it starts."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder) / "registry"
        write_registry(root, count)
        command = [sys.executable, "-m", "pv", "discharge", "--all", "--jobs", str(jobs)]
        before, began = os.times(), time.monotonic()
        with subprocess.Popen(
            [*command, "--root", str(root)], cwd=ROOT, stdout=subprocess.PIPE, text=True
        ) as process:
            assert process.stdout is not None
            own, all_of_them, held = [], [], 0
            for line in process.stdout:
                told = line.startswith("NIGHT-") and " HELD " in line
                held += told
                if told and held % max(count // 50, 1) == 0:
                    own.append(resident(process.pid))
                    all_of_them.append(own[-1] + sum(map(resident, below(process.pid))))
            code = process.wait()
        seconds, after = time.monotonic() - began, os.times()
        whole = sum(_is_whole(root, number) for number in range(1, count + 1))
        left = list(root.rglob(".tmp-*"))
    settled = len(own) // 4
    return {
        "falsifiers": count,
        "jobs": jobs,
        "exit_code": code,
        "held": held,
        "receipts": whole,
        "temporary_files": len(left),
        "seconds": round(seconds, 2),
        "ms_each": round(seconds / count * 1000, 1),
        "cpu_ms_of_the_run_each": round(
            (after.children_user + after.children_system
             - before.children_user - before.children_system) / count * 1000, 1
        ),
        "own_mib_at_a_quarter": own[settled] // 1024,
        "own_mib_at_the_end": own[-1] // 1024,
        "all_mib_at_most": max(all_of_them) // 1024,
    }  # fmt: skip


def _is_whole(root: Path, number: int) -> bool:
    found = [*store.read_folder(root, f"FALSIFY-NIGHT-{number:04d}", record=False)]
    return len(found) == 1 and not isinstance(found[0], store.Damaged)


if __name__ == "__main__":
    sys.stdout.write(
        json.dumps(night(int(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 2))
    )
