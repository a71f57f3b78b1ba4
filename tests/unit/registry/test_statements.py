"""What a text says of a change, against a change in a repository of its own."""

from __future__ import annotations

from pathlib import Path

import pytest

from pv.registry.changeset import ChangeSet, PathState, read_change_set
from pv.registry.lifecycle import load_lifecycle
from pv.registry.statements import judge_text
from tests.unit.cli.history_repository import commit, git, write

CONTRACT = """\
metadata: {{ id: C-CHAIN, version: {version}, kind: pattern, description: d, references: [ r ] }}
falsification_tests:
  - {{ id: F-1, rule: r, prediction: p, if_fails: i, status: {status} }}
  - {{ id: F-2, rule: r, prediction: p, if_fails: i, status: PLANNED }}
"""
EARLIER = CONTRACT.format(version="1.12.0", status="PROPOSED")
LATER = CONTRACT.format(version="1.13.0", status="BOUND") + (
    "  - { id: F-3, rule: r, prediction: p, if_fails: i, status: PLANNED }\n"
)
FILE = "contracts/chain-v1.yaml"
BEFORE = {
    FILE: EARLIER,
    "contracts/other-v1.yaml": EARLIER.replace("C-CHAIN", "C-OTHER").replace("1.12.0", "2.0.0"),
    "src/lib.rs": "fn old() {}\n",
    "src/deep/kernel.rs": "fn kernel() {}\n",
    "old.py": "x = 1\n",
    "link": "target\n",
}
AFTER = {
    FILE: LATER,
    "src/lib.rs": "fn new() {}\n",
    "crates/x/tests/chain.rs": "#[test]\nfn a() {}\n#[tokio::test]\nasync fn b() {}\n",
    "tests/test_new.py": "def test_one(): pass\n",
}


@pytest.fixture(scope="module")
def change(tmp_path_factory: pytest.TempPathFactory) -> ChangeSet:
    folder = tmp_path_factory.mktemp("change")
    commit(folder, "first", BEFORE)
    (folder / "old.py").unlink()
    write(folder, AFTER)
    return read_change_set(folder, "HEAD")


def told(text: str, change: ChangeSet) -> list[tuple[int, str, str]]:
    found = judge_text(text, change, load_lifecycle(change.root))
    return [(each.line, each.quote, each.verdict.value) for each in found]


def test_states_of_paths(change: ChangeSet) -> None:
    assert {path: state.value for path, state in change.states.items()} == {
        FILE: "changed",
        "contracts/other-v1.yaml": "unchanged",
        "crates/x/tests/chain.rs": "added",
        "link": "unchanged",
        "old.py": "deleted",
        "src/deep/kernel.rs": "unchanged",
        "src/lib.rs": "changed",
        "tests/test_new.py": "added",
    }


YES, NO, OPEN = "borne out", "contradicted", "cannot be judged"
ROWS = [
    ("contract v1.12.0 → v1.13.0", YES),
    ("contract `1.12.0` -> `1.13.0`", YES),
    ("bump C-CHAIN to 1.13.0", YES),
    ("contract v1.13.0 → v1.14.0", NO),
    ("Bumped the contract\nto v1.14.0", NO),
    ("C-OTHER 2.0.0 => 2.1.0", NO),
    ("other-v1: bumps to 1.13.0", NO),
    ("tokio 1.40.0 → 1.41.0", OPEN),
    ("the contract will go 1.13.0 → 1.14.0", OPEN),
    ("authored crates/x/tests/chain.rs", YES),
    ("authored `chain.rs`", YES),
    ("authored crates/x/tests/gone.rs", NO),
    ("creates src/deep/kernel.rs", NO),
    ("creates src/lib.rs", OPEN),
    ("adds two cases to src/lib.rs", YES),
    ("adds two cases to src/deep/kernel.rs", NO),
    ("removes old.py", YES),
    ("removed src/deep/kernel.rs", NO),
    ("removed never.py", OPEN),
    ("src/deep/ is byte-unchanged", YES),
    ("src/ is byte-unchanged", NO),
    ("no changes to src/lib.rs", NO),
    ("does not touch src/lib.rs", NO),
    ("this didn't touch `kernel.rs`", YES),
    ("leaves contracts/other-v1.yaml untouched", YES),
    ("never.rs stays unchanged", OPEN),
    ("will be added later in crates/x/tests/gone.rs", OPEN),
    ("adds 3 tests", YES),
    ("adds 5 new tests", NO),
    ("adds 1 falsifier", YES),
    ("2 new falsifiers", NO),
    ("all 5 falsifiers", YES),
    ("all 3 falsifiers", YES),
    ("all 7 falsifiers", NO),
    ("7 falsifiers", OPEN),
    ("F-1: PROPOSED → BOUND", YES),
    ("PROPOSED -> DISCHARGED", NO),
    ("F-1 moves from PLANNED to BOUND", NO),
    ("F-2 moved from PLANNED to BOUND", NO),
]


@pytest.mark.parametrize(("text", "verdict"), ROWS)
def test_one_statement(text: str, verdict: str, change: ChangeSet) -> None:
    assert [each[2] for each in told(text, change)] == [verdict]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "adds and/or removes it",
        "a 12-step chain",
        "see https://x.org/a/new.rs",
        "READ to WRITE",
    ],
)
def test_what_claims_nothing(text: str, change: ChangeSet) -> None:
    assert told(text, change) == []


def test_several_statements_have_their_lines(change: ChangeSet) -> None:
    text = (
        "Chain, part two\n\n- contract 1.12.0 → 1.13.0\n"
        "- authored crates/x/tests/chain.rs, tests/gone.py\n"
    )
    assert told(text, change) == [
        (3, "1.12.0 → 1.13.0", YES),
        (4, "authored crates/x/tests/chain.rs", YES),
        (4, "authored tests/gone.py", NO),
    ]


def test_line_ends_that_git_converts_are_no_change(tmp_path: Path) -> None:
    commit(tmp_path, "first", {FILE: EARLIER, "a.txt": "one\ntwo\n"})
    (tmp_path / "a.txt").write_bytes(b"one\r\ntwo\r\n")
    assert read_change_set(tmp_path, "HEAD").states["a.txt"] is PathState.SAME


def test_a_sha256_repository_is_read_as_well(tmp_path: Path) -> None:
    git(tmp_path, "init", "-q", "--object-format=sha256")
    commit(tmp_path, "first", {FILE: EARLIER})
    assert set(read_change_set(tmp_path, "HEAD").states.values()) == {PathState.SAME}
