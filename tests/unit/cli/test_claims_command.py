"""`pv claims` as a user runs it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.unit.cli.history_repository import REPOSITORY, commit, git, pv, write

CONTRACT = (
    "metadata: { id: C-CHAIN, version: 1.12.0, kind: pattern, description: d, references: [ r ] }\n"
    "falsification_tests:\n"
    "  - { id: F-16, rule: r, prediction: p, if_fails: i, status: PROPOSED }\n"
)
FILE = "contracts/chain-v1.yaml"
STORY = """\
Falsifier 16 over five layers

The chain holds on real weights. Contract v1.12.0 → v1.13.0 with F-16
PROPOSED → DISCHARGED, and authored `crates/x/tests/chain.rs` (3 new tests).

- src/forward.rs is byte-unchanged
- docs/note.md updated
"""


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """Return a branch whose only commit says much and changes two other files."""
    commit(tmp_path, "first", {FILE: CONTRACT, "src/forward.rs": "a\n", "docs/note.md": "a\n"})
    git(tmp_path, "checkout", "-q", "-b", "work")
    commit(tmp_path, STORY, {"docs/note.md": "b\n", "src/forward.rs": "b\n"})
    return tmp_path


def unfolded(text: str) -> list[str]:
    """Return lines as they were before they were folded."""
    return text.replace("\n  ", " ").splitlines()


def test_a_story_that_never_landed_is_contradicted_line_by_line(repository: Path) -> None:
    done = pv(repository, "claims", "--base", "main")
    assert unfolded(done.stdout) == [
        f"line 3: CONTRADICTED  v1.12.0 → v1.13.0 · {FILE} is still 1.12.0",
        "line 4: CONTRADICTED  3 new tests · 0 test functions came",
        "line 4: CONTRADICTED  PROPOSED → DISCHARGED · no status moved",
        "line 4: CONTRADICTED  authored crates/x/tests/chain.rs · is not in the tree",
        "line 6: CONTRADICTED  byte-unchanged src/forward.rs · src/forward.rs changed",
        "line 7: BORNE OUT  updated docs/note.md · docs/note.md changed",
        "6 claims against main: 1 borne out, 5 contradicted, 0 cannot be judged",
    ]
    assert (done.returncode, done.stderr) == (1, "")
    assert unfolded(pv(repository, "claims").stdout)[:5] == unfolded(done.stdout)[:5]


def test_the_same_story_is_borne_out_by_a_change_that_does_it(repository: Path) -> None:
    made = CONTRACT.replace("1.12.0", "1.13.0").replace("PROPOSED", "DISCHARGED")
    tests = "#[test]\nfn a() {}\n#[test]\nfn b() {}\n#[test]\nfn c() {}\n"
    write(repository, {FILE: made, "crates/x/tests/chain.rs": tests, "src/forward.rs": "a\n"})
    (repository / "text.md").write_text(STORY, encoding="utf-8")
    done = pv(repository, "claims", "--base", "main", "--text", "text.md")
    assert done.stdout.splitlines()[-1] == (
        "6 claims against main: 6 borne out, 0 contradicted, 0 cannot be judged"
    )
    assert done.returncode == 0


def test_a_text_from_standard_input_and_json(repository: Path) -> None:
    said = "authored gone.rs\n"
    done = pv(
        repository, "claims", "--base", "main", "--text", "-", "--format", "json",
        standard_input=said,
    )  # fmt: skip
    data = json.loads(done.stdout)
    assert done.stdout.isascii()
    assert data["claims"] == [
        {
            "line": 1,
            "quote": "authored gone.rs",
            "verdict": "contradicted",
            "reason": "is not in the tree",
        }
    ]
    assert (data["base"], data["schema_version"], done.returncode) == ("main", "1.0", 1)
    assert data["outcome"] == "contradicted"
    done = pv(repository, "claims", "--text", "-", "--format", "json", standard_input="hm\n")
    assert (json.loads(done.stdout)["outcome"], done.returncode) == ("nothing judged", 3)


@pytest.mark.parametrize("said", ["", "nothing to see\n", "will be bumped 7.0.0 → 8.0.0 later\n"])
def test_nothing_judged_is_exit_3(repository: Path, said: str) -> None:
    done = pv(repository, "claims", "--base", "main", "--text", "-", standard_input=said)
    what = "that can be judged" if "bumped" in said else "was found"
    first, advice = done.stderr.split("\n", 1)
    assert first == f"no claim {what} in standard input: nothing was judged"
    assert advice.startswith("  do: say what changed in plain words: ")
    assert (done.returncode, done.stdout.splitlines()[-1][:7]) == (3, f"{'bumped' in said:d} claim")


def test_messages_without_a_claim_are_nothing_judged_and_neither_are_none(tmp_path: Path) -> None:
    commit(tmp_path, "first", {FILE: CONTRACT})
    done = pv(tmp_path, "claims")
    assert done.returncode == 3
    assert "the messages since HEAD, of which there are none" in done.stderr
    git(tmp_path, "checkout", "-q", "-b", "work")
    commit(tmp_path, "polish", {"a.txt": "a"})
    done = pv(tmp_path, "claims", "--base", "main")
    assert (done.returncode, done.stdout[:8]) == (3, "0 claims")
    assert done.stderr.startswith("no claim was found in 1 message since main: nothing was judged")


@pytest.mark.parametrize("source", ["file", "-"])
def test_a_text_that_is_no_utf_8_is_exit_2_with_the_byte(repository: Path, source: str) -> None:
    (repository / "text.md").write_bytes("authored é".encode() + b"\xe9 gone.rs")
    name = "text.md" if source == "file" else "-"
    with (repository / "text.md").open("rb") as stream:
        done = subprocess.run(
            [sys.executable, "-m", "pv", "claims", "--base", "main", "--text", name],
            cwd=repository, stdin=stream, capture_output=True, text=True, check=False,
            env={**os.environ, "PYTHONPATH": str(REPOSITORY)},
        )  # fmt: skip
    assert done.returncode == 2
    assert "byte 0xe9 at offset 11 is no UTF-8, expected UTF-8 text" in done.stderr
    assert done.stdout == ""


def test_a_text_that_is_too_long_is_exit_2(repository: Path) -> None:
    (repository / "text.md").write_bytes(b" " * (1 << 18) + b" ")
    done = pv(repository, "claims", "--text", "text.md")
    assert (done.returncode, "longer than 262,144 bytes" in done.stderr) == (2, True)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--base", "nowhere"], "--base nowhere: no revision nowhere"),
        (["--base", "--output=x"], "--base --output=x: '--output=x' is no name"),
        (["--text", "gone.md"], "--text gone.md: No such file"),
    ],
)
def test_what_cannot_be_carried_out_is_exit_2(
    repository: Path, arguments: list[str], said: str
) -> None:
    done = pv(repository, "claims", *arguments)
    assert (done.returncode, done.stderr[: len(said)]) == (2, said)


def test_outside_git_is_exit_2(tmp_path: Path) -> None:
    write(tmp_path, {FILE: CONTRACT})
    done = pv(tmp_path, "claims")
    assert done.returncode == 2
    assert done.stderr.startswith("--base HEAD: no git repository")


def test_control_characters_do_not_reach_the_terminal(repository: Path) -> None:
    said = "bumped\x1b[2J the contract\x07 1.12.0 \x1b[1m→ 1.13.0; authored a\x1bb/gone.rs\n"
    done = pv(repository, "claims", "--base", "main", "--text", "-", standard_input=said)
    assert not any(ord(c) < 32 and c != "\n" for c in done.stdout)
