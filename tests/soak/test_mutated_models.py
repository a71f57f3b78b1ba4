"""Whatever stands in a model file: numbers, texts or a refusal; no crash, hang or growth."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def run(count: int, seed: int, patience: float) -> dict[str, object]:
    """Mutate in a process of its own, whose memory and end are then its own too."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.soak.mutated_models", str(count), str(seed)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=patience,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def holds(found: dict[str, object], count: int) -> None:
    assert found["files"] == count == sum(found["outcomes"].values())
    assert found["slowest_s"] < 5, found
    assert found["peak_mib"] < 1024, found
    outcomes = found["outcomes"]
    assert set(outcomes) == {"refused", "model", "vocabulary"}
    assert min(outcomes["refused"], outcomes["model"]) > count / 25, outcomes


def test_some_mutated_models():
    holds(run(60, seed=20, patience=250), 60)


@pytest.mark.soak
@pytest.mark.timeout(3600)
def test_five_thousand_mutated_models():
    found = run(5_000, seed=1, patience=3500)
    holds(found, 5_000)
    assert len(found["done"]) == 9, "every mutation was tried"
