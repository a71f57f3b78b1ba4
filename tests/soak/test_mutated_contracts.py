"""Whatever stands in a file: no traceback, no hang, no memory without bound."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def run(count: int, seed: int) -> dict[str, object]:
    """Mutate in a process of its own, whose memory is then its own too."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.soak.mutated_contracts", str(count), str(seed)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def holds(found: dict[str, object], count: int) -> None:
    assert found["files"] == count
    assert found["findings"] > count, found
    assert found["slowest_s"] < 2, found
    assert found["peak_mib"] < 300, found


def test_some_mutated_contracts():
    holds(run(300, seed=20), 300)


@pytest.mark.soak
@pytest.mark.timeout(3600)
def test_twenty_thousand_mutated_contracts():
    found = run(20_000, seed=1)
    holds(found, 20_000)
    assert len(found["done"]) == 8, "every mutation was tried"
