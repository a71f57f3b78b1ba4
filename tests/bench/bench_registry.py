"""How long status, ship and report take over 10,000 contracts with 40,000 receipts.

Warm means that an earlier run of the same command saw the same files: then its answer stands. After
one contract was edited, one receipt removed or one commit made, what rests on it is derived again.
Times are processor times of whole processes, because only they mean something on a busy machine;
wall time is printed beside them.
"""

import os
import sys
import time
from pathlib import Path

import pytest

from tests.bench.bench_lint import Cost, cost
from tests.bench.receipt_tree import FALSIFIERS, commit, contract_text, path_of, write_registry

pytestmark = [pytest.mark.bench, pytest.mark.timeout(3600)]

CONTRACTS = 10_000
YOUNG = 2.1
"""Seconds after which a file's stamps tell any later change of it."""
LIMITS = {"status": 1.0, "ship": 1.0, "report": 10.0}
"""Seconds that a warm run may take."""
CHANGED = {"status": 4.0, "ship": 4.0, "report": 16.0}
"""Seconds after one change: twice what it takes on an idle machine of two cores."""


def edit(root: Path) -> None:
    before = path_of(root, 7).read_text(encoding="utf-8")
    editions = [contract_text(7, edition=each) for each in range(2)]
    path_of(root, 7).write_text(editions[before == editions[0]], encoding="utf-8")


def remove(root: Path) -> None:
    next((root / "contracts/evidence").glob("*/*.json")).unlink()


CHANGES = {
    "one contract edited": edit,
    "one receipt gone": remove,
    "one edit committed": lambda root: (edit(root), commit(root, "what changed")),
}


def pv(root: Path, *words: str, repeat: int = 1) -> Cost:
    return cost("-m", "pv", *words, "--root", str(root), repeat=repeat)


def test_a_large_registry_is_told_at_once(tmp_path, capsys):
    root = tmp_path / "registry"
    receipts = write_registry(root, CONTRACTS)
    assert receipts == CONTRACTS * FALSIFIERS
    files = sum(len(names) for _, _, names in os.walk(root / "contracts/evidence"))
    assert files == receipts
    time.sleep(YOUNG)
    bare = cost("-c", "pass", repeat=5)
    lines, warm = [bare.line("bare Python", bare.cpu)], {}
    lines.append(pv(root, "index", "rebuild").line("index rebuild", bare.cpu))
    for command in LIMITS:
        cold = pv(root, command)
        warm[command] = pv(root, command, repeat=5)
        lines += [
            cold.line(f"{command}, nothing known", bare.cpu),
            warm[command].line(f"{command}, warm", bare.cpu),
        ]
    changed = {}
    for what, change in CHANGES.items():
        for command in LIMITS:
            change(root)
            time.sleep(YOUNG)
            found = changed[what, command] = pv(root, command)
            lines.append(found.line(f"{command}, {what}", bare.cpu))
    with capsys.disabled():
        sys.stdout.write("\n" + "\n".join(lines) + "\n")
    for command, limit in LIMITS.items():
        assert warm[command].cpu < limit, (command, warm[command])
    for (what, command), found in changed.items():
        assert found.cpu < CHANGED[command], (command, what, found)
