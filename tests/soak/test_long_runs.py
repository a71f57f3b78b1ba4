"""Nothing acknowledged is lost and nothing is left behind, however often a run is killed."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]


def run(program: str, *arguments: int) -> dict[str, Any]:
    done = subprocess.run(
        [sys.executable, "-m", f"tests.soak.{program}", *map(str, arguments)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    sys.stdout.write(f"\n{program}: {done.stdout}")
    return json.loads(done.stdout)


def test_receipts_survive_some_kills():
    found = run("killed_writers", 80, 1)
    assert found["faults"] == []
    assert found["acknowledged"] > 80
    assert (found["at a step"], found["at random"]) == (40, 40)


def test_a_run_that_is_killed_loses_nothing_it_told():
    found = run("killed_runs", 4, 2)
    assert found["faults"] == []


def test_a_short_night():
    holds(run("night_run", 60, 2), 60)


def holds(found: dict[str, Any], count: int) -> None:
    assert (found["exit_code"], found["held"], found["receipts"]) == (0, count, count), found
    assert found["temporary_files"] == 0
    assert found["own_mib_at_the_end"] - found["own_mib_at_a_quarter"] < 30, found
    assert found["all_mib_at_most"] < 1024, found


@pytest.mark.soak
@pytest.mark.timeout(3600)
def test_receipts_survive_a_thousand_kills():
    found = run("killed_writers", 1000, 3)
    assert found["faults"] == []
    assert found["acknowledged"] > 1000


@pytest.mark.soak
@pytest.mark.timeout(3600)
def test_runs_killed_three_hundred_times_lose_nothing_they_told():
    found = run("killed_runs", 300, 4)
    assert found["faults"] == []
    assert found["printed"] > 300


@pytest.mark.soak
@pytest.mark.timeout(3600)
def test_a_night_of_two_thousand_falsifiers():
    holds(run("night_run", 2000, 2), 2000)
