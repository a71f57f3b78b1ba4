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
ROWS: list[tuple[str, str | tuple[str, ...]]] = [
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
    ("F-3 moves from PLANNED to DISCHARGED", NO),
    # versions, plainly
    ("version 1.13.0 of the chain", YES),
    ("contract v1.13.0", YES),
    ("Version 1.14.0", NO),
    ("C-CHAIN version 1.12.0 had one gap", OPEN),
    ("C-OTHER is now at version 2.1.0", NO),
    ("Bumps to 1.13.0", YES),
    ("C-OTHER: bumps the version to 2.1.0", NO),
    ("bumps numpy to 1.41.0", OPEN),
    ("bumps C-GONE to 1.13.0", NO),
    ("needs numpy, version 1.26.0", OPEN),
    ("from 1.12.0 to 1.13.0", YES),
    # statuses, plainly
    ("F-1 is now BOUND", YES),
    ("F-1 is now DISCHARGED", NO),
    ("promotes F-1 to BOUND", YES),
    ("promoted F-1 to DISCHARGED", NO),
    ("marks `F-2` as **DISCHARGED**", NO),
    ("F-2 becomes PLANNED", OPEN),
    ("F-2 stays PLANNED", YES),
    ("FALSIFY-GONE-001 is now DISCHARGED", NO),
    ("F-1: DISCHARGED", NO),
    ("F-1 is DISCHARGED only if the limit holds", OPEN),
    # counts, in digits and words
    ("Adds one falsifier", YES),
    ("Adds two falsifiers", NO),
    ("removes 3 falsifiers", NO),
    ("adds three tests", YES),
    ("three tests were added", YES),
    ("removes 2 tests", NO),
    ("changes 2 files", YES),
    ("changes 5 files", YES),
    ("5 files changed", YES),
    ("touches 9 files", NO),
    ("adds two test files", YES),
    ("adds 2 files", YES),
    ("removes 1 file", YES),
    ("changes one contract", YES),
    ("adds two contracts", NO),
    ("all 12 tests pass", NO),
    ("adds one falsifier and three tests", (YES, YES)),
    ("adds one falsifier, 2 files and 7 tests", (YES, YES, NO)),
    ("new test file tests/test_new.py with 1 test", (YES, YES)),
    ("`chain.rs` (3 tests)", NO),
    ("F-2 is unchanged and remains PLANNED", YES),
    ("all 3 tests pass", OPEN),
    ("all twelve tests pass", NO),
    # paths, from both sides
    ("no changes to src/deep/kernel.rs", YES),
    ("src/lib.rs is untouched", NO),
    ("src/deep/kernel.rs remains unchanged", YES),
    ("src/deep/kernel.rs and src/lib.rs are untouched", (YES, NO)),
    ("`old.py` was removed", YES),
    ("src/lib.rs was removed", OPEN),
    ("src/deep/kernel.rs has been deleted", NO),
    ("tests/test_new.py is new", YES),
    ("tests/gone.py was added", NO),
    ("new test file tests/gone.py", NO),
    ("created tests/test_new.py and tests/gone.py", (YES, NO)),
    ("Updates src/lib.rs", YES),
    ("Changes src/deep/kernel.rs", NO),
    ("src/deep/kernel.rs updated", NO),
    ("touches Makefile", NO),
    ("We haven't touched src/deep/", YES),
    ("we have not changed src/lib.rs", NO),
    ("src/deep/kernel.rs was not changed", YES),
    ("src/lib.rs is not modified", NO),
    ("the contract stays at 1.13.0", YES),
    ("C-OTHER remains at version 2.1.0", NO),
    # what is denied, planned, or said of something else
    ("will be promoted: F-2 is DISCHARGED", OPEN),
    ("- [ ] authored tests/gone.py", OPEN),
    ("will add it later, but authored tests/gone.py", NO),
    ("upstream authored tests/gone.py", OPEN),
    ("in the candle repository, authored tests/gone.py", OPEN),
    ("the previous PR authored tests/gone.py", OPEN),
    ("in #12 we authored tests/gone.py", OPEN),
    ("will be added later; src/deep/kernel.rs unchanged", YES),
]


@pytest.mark.parametrize(("text", "verdict"), ROWS)
def test_one_statement(text: str, verdict: str | tuple[str, ...], change: ChangeSet) -> None:
    expected = [verdict] if isinstance(verdict, str) else list(verdict)
    assert sorted(each[2] for each in told(text, change)) == sorted(expected)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "adds and/or removes it",
        "a 12-step chain",
        "see https://x.org/a/new.rs",
        "READ to WRITE",
        "F-1 is not DISCHARGED",
        "F-2 will be promoted to DISCHARGED once it ran",
        "does not add tests/gone.py",
        "> authored tests/gone.py",
        "```\nauthored tests/gone.py\n```",
        "~~~ sh\nauthored tests/gone.py",
        "<!-- authored tests/gone.py -->",
        'the template says "authored tests/gone.py" and means it',
        "`pv init` creates contracts/example-v1.yaml",
        "adds a cache, so that the loop of src/deep/kernel.rs is short",
        "removed the hack in src/deep/kernel.rs",
        "the output is byte-identical to src/lib.rs",
        "one falsifier for each claim",
        "two tests share a fixture",
        "what DISCHARGED means",
        "a 3-file limit, 1.2 tests a second",
        "A2 holds; BOUND or not",
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
