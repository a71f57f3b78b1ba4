"""`pv diff` as a user runs it, in git repositories of its own."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.unit.cli.history_repository import commit, git, pv, write

BEFORE = """\
metadata: { id: C-MILL, version: 1.2.0, kind: pattern, description: one, references: [ book ] }
falsification_tests:
  - id: F-1
    rule: r
    prediction: p
    if_fails: i
    harness: falsifiers/a/b.py::c
    expect: [ { metric: yield, op: "<=", value: 1.0, reason: mass } ]
"""
AFTER = BEFORE.replace("1.2.0", "1.3.0").replace("value: 1.0", "value: 2.0").replace("one", "t|o")


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    write(tmp_path, {"contracts/mill-v1.yaml": BEFORE, "contracts/same-v1.yaml": BEFORE})
    commit(tmp_path, "first")
    write(tmp_path, {"contracts/mill-v1.yaml": AFTER, "contracts/new-v1.yaml": BEFORE})
    return tmp_path


LINES = [
    "  MAJOR  limit F-1 yield changed: <= 1.0 → <= 2.0",
    "  PATCH  contract changed: prose: description",
    "  asks for MAJOR, declares MINOR: too small, expected 2.0.0 or more",
]


def test_the_registry_against_a_revision(repository: Path) -> None:
    done = pv(repository, "diff", "HEAD")
    assert done.stdout.splitlines() == [
        "contracts/mill-v1.yaml  C-MILL 1.2.0 → 1.3.0",
        *LINES,
        "contracts/new-v1.yaml  C-MILL 1.2.0: added",
        "1 contract changed · 1 the same · 1 added · 0 removed · 1 bump too small",
    ]
    assert (done.returncode, done.stderr) == (0, "")
    assert pv(repository, "diff", "HEAD", "--exit-code").returncode == 1
    assert pv(repository, "diff").stdout == done.stdout


@pytest.mark.parametrize(
    "sides",
    [
        ("HEAD:contracts/mill-v1.yaml", "contracts/mill-v1.yaml"),
        ("HEAD", "contracts/mill-v1.yaml"),
        ("contracts/same-v1.yaml", "contracts/mill-v1.yaml"),
        ("HEAD:contracts/same-v1.yaml", "contracts/mill-v1.yaml", "contracts"),
    ],
)
def test_single_files_and_revisions(repository: Path, sides: tuple[str, ...]) -> None:
    done = pv(repository, "diff", *sides, "--exit-code")
    title, *lines, _ = done.stdout.splitlines()
    assert title.endswith("C-MILL 1.2.0 → 1.3.0")
    assert lines == LINES
    assert done.returncode == 1


def test_two_revisions_and_a_path(repository: Path) -> None:
    commit(repository, "second")
    both = pv(repository, "diff", "HEAD~1", "HEAD", "contracts/mill-v1.yaml", "--exit-code")
    assert both.stdout.splitlines()[1:-1] == LINES
    assert both.returncode == 1
    backwards = pv(repository, "diff", "HEAD", "HEAD~1")
    assert "asks for MAJOR, declares LOWERED: too small" in backwards.stdout
    assert "contracts/new-v1.yaml  C-MILL 1.2.0: removed" in backwards.stdout


def test_a_renamed_contract_is_found_by_its_id(repository: Path) -> None:
    write(repository, {"contracts/new-v1.yaml": AFTER.replace("C-MILL", "C-NEW")})
    commit(repository, "second")
    (repository / "contracts/new-v1.yaml").rename(repository / "contracts/newer-v1.yaml")
    done = pv(repository, "diff", "HEAD")
    assert done.stdout.splitlines() == [
        "0 contracts changed · 3 the same · 0 added · 0 removed · 0 bumps too small"
    ]


def test_json_and_markdown(repository: Path) -> None:
    done = pv(repository, "diff", "HEAD", "--format", "json")
    data = json.loads(done.stdout)
    assert done.stdout.isascii()
    assert (data["schema_version"], data["same"], data["added"], data["removed"]) == (
        "1.0",
        1,
        ["contracts/new-v1.yaml"],
        [],
    )
    (one,) = data["differences"]
    assert (one["asked"], one["declared"], one["enough"]) == ("major", "minor", False)
    assert one["changes"][-1] == {
        "part": "limit",
        "verb": "changed",
        "name": "F-1 yield",
        "detail": "<= 1.0 → <= 2.0",
        "bump": "major",
    }
    table = pv(repository, "diff", "HEAD", "--format", "markdown").stdout
    assert "| MAJOR | limit F-1 yield changed: \\<= 1.0 → \\<= 2.0 |\n" in table


def test_a_version_that_is_none_cannot_be_judged(repository: Path) -> None:
    write(repository, {"contracts/mill-v1.yaml": BEFORE.replace("1.2.0", "next")})
    assert pv(repository, "diff", "HEAD", "--exit-code").returncode == 0
    changed = BEFORE.replace("1.2.0", "next").replace("one", "two")
    write(repository, {"contracts/mill-v1.yaml": changed})
    done = pv(repository, "diff", "HEAD", "--exit-code")
    assert "declares nothing known: a version is no SemVer" in done.stdout
    assert done.returncode == 3


def test_a_file_that_cannot_be_read_is_named_and_hides_nothing(repository: Path) -> None:
    write(repository, {"contracts/same-v1.yaml": "metadata: ["})
    done = pv(repository, "diff", "HEAD")
    assert "NOT COMPARED contracts/same-v1.yaml: " in done.stdout
    assert LINES[0] in done.stdout.splitlines()
    alone = pv(repository, "diff", "HEAD", "contracts/same-v1.yaml")
    assert alone.returncode == 3
    assert alone.stderr.startswith("contracts/same-v1.yaml: ")


UNMATCHED = "no contract of this name, and none below it, among 2 contracts of HEAD, 2 of HEAD"


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["nowhere"], 2, "nowhere: neither a file or folder ("),
        (["contracts/mil-v1.yaml"], 2, "contracts/mil-v1.yaml: neither a file or folder ("),
        ([""], 2, "a side is '', expected a name\n  do: name a file, a folder, a git revision"),
        (["HEAD", ""], 2, "a side is '', expected a name"),
        (["gone:contracts/mill-v1.yaml"], 2, "gone:contracts/mill-v1.yaml: no revision gone"),
        (["HEAD:contracts/gone.yaml"], 2, "HEAD:contracts/gone.yaml: revision HEAD has no file"),
        (["--output=x"], 2, "Usage"),
        (
            ["HEAD", "HEAD", "contracts/mil-v1.yaml"],
            2,
            f"contracts/mil-v1.yaml: {UNMATCHED}\n  do: did you mean contracts/mill-v1.yaml?",
        ),
        (
            ["HEAD", "HEAD", "contracts/mill-v1.yaml", "elsewhere"],
            2,
            "elsewhere: no contract of this name",
        ),
    ],
)
def test_what_cannot_be_compared_is_said(
    repository: Path, arguments: list[str], code: int, said: str
) -> None:
    done = pv(repository, "diff", *arguments)
    told, wanted = (" ".join(each.split()) for each in (done.stderr, said))  # lines are broken
    assert (done.returncode, told[: len(wanted)]) == (code, wanted)
    assert "Traceback" not in done.stderr


def test_a_name_of_a_path_and_of_a_revision_is_refused(repository: Path) -> None:
    git(repository, "branch", "contracts")
    done = pv(repository, "diff", "contracts", "HEAD")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == (
        "contracts: is a folder and a git revision, expected one of the two\n"
        "  do: ./contracts names the folder, contracts^0 the revision\n"
    )
    of_revision = pv(repository, "diff", "contracts^0", "HEAD")
    assert of_revision.stdout.startswith("0 contracts changed · 2 the same")
    of_folder = pv(repository, "diff", "./contracts", "contracts")
    assert of_folder.returncode == 2
    assert pv(repository, "diff", "./contracts", "./contracts").returncode == 0


def test_two_empty_sides_are_nothing_compared(tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
    done = pv(tmp_path, "diff", "one", "two")
    assert done.returncode == 3
    assert done.stderr == "no contract on either side: nothing was compared\n"


def test_outside_git_files_and_folders_are_compared(tmp_path: Path) -> None:
    write(tmp_path, {"old/mill-v1.yaml": BEFORE, "new/mill-v1.yaml": AFTER})
    done = pv(tmp_path, "diff", "old", "new")
    assert done.stdout.splitlines()[1:-1] == LINES
    assert pv(tmp_path, "diff", "old/mill-v1.yaml", "new/mill-v1.yaml", "--exit-code").returncode
    assert pv(tmp_path, "diff", "old").returncode == 2
    write(tmp_path, {"contracts/mill-v1.yaml": BEFORE})
    alone = pv(tmp_path, "diff")
    assert alone.returncode == 2
    assert alone.stderr.startswith("nothing to compare with: no git repository\n  do: name two")
