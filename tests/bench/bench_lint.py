"""How long lint takes over large trees: cold, warm, and with one file in a hundred edited.

Times are of whole processes; processor time, that of the crew included, is printed beside wall
time, because only it means something on a busy machine. Memory is that of the largest process.
Bare Python in the same run is the unit of the ratios.
"""

import math
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.bench.contract_tree import contract_text, path_of, write_tree

pytestmark = [pytest.mark.bench, pytest.mark.timeout(3600)]

ROOT = Path(__file__).parents[2]


class Cost(NamedTuple):
    wall: float
    cpu: float
    mib: float

    def line(self, name: str, unit: float) -> str:
        ratio = self.cpu / unit
        return (
            f"{name:<28} {self.wall:8.2f} s wall {self.cpu:8.2f} s processor"
            f" {self.mib:7.0f} MiB {ratio:8.1f} x bare Python"
        )


def cost(*arguments: str, repeat: int = 1) -> Cost:
    """Return the least of several runs of one process."""
    best = Cost(math.inf, math.inf, math.inf)
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    for _ in range(repeat):
        start = time.perf_counter()
        child = subprocess.Popen(
            [sys.executable, *arguments], env=environment, stdout=subprocess.DEVNULL
        )
        _, status, used = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
        assert child.returncode in (0, 1), arguments
        wall = time.perf_counter() - start
        found = Cost(wall, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024)
        best = Cost(*map(min, best, found))
    return best


def lint(root: Path, repeat: int = 1) -> Cost:
    return cost("-m", "pv", "lint", "--root", str(root), repeat=repeat)


def edited(root: Path, count: int, edition: int) -> None:
    for number in range(0, count, 100):
        path_of(root, number).write_text(contract_text(number, edition), encoding="utf-8")


def test_lint_over_large_trees(tmp_path, capsys):
    bare = cost("-c", "pass", repeat=5)
    unit = bare.cpu
    alone = tmp_path / "generated-00001-v1.yaml"
    alone.write_text(contract_text(1), encoding="utf-8")
    lines = [bare.line("bare Python", unit)]
    one = cost("-m", "pv", "validate", str(alone), repeat=5)
    lines.append(one.line("validate one file", unit))
    warm: dict[int, Cost] = {}
    cold: dict[int, Cost] = {}
    for count in (1_000, 10_000):
        root = write_tree(tmp_path / str(count), count)
        time.sleep(2.1)  # younger files are read again in every run
        cold[count], warm[count] = lint(root), lint(root, repeat=3)
        edited(root, count, edition=1)
        some = lint(root)
        lines += [
            cold[count].line(f"{count:,} cold", unit),
            f"{'':<28} {cold[count].cpu / count * 1e3:8.2f} ms processor a contract",
            warm[count].line(f"{count:,} warm", unit),
            some.line(f"{count:,} with 1 % edited", unit),
        ]
        assert warm[count].cpu < cold[count].cpu / 5
        assert some.cpu < cold[count].cpu / 2
    growth = {
        name: math.log10(costs[10_000].cpu / costs[1_000].cpu)
        for name, costs in (("cold", cold), ("warm", warm))
    }
    lines += [f"growth exponent, {name}: {value:.2f}" for name, value in growth.items()]
    with capsys.disabled():
        sys.stdout.write("\n" + "\n".join(lines) + "\n")
    assert max(growth.values()) < 1.25, growth
    assert cold[10_000].mib < 200
