"""`pv validate` from the outside: what is judged, what is written, which exit code."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

Pv = Callable[..., "subprocess.CompletedProcess[str]"]

SOUND = "metadata: { version: 1.0.0, description: d, references: [r], kind: pattern }\n"
WARNED = "metadata: { version: 1.0.0, description: d, references: [r] }\n"
WRONG = "metadata: { version: 1.0, description: d, references: [r], kind: pattern }\n"
BROKEN = "metadata: a: b\n"


@pytest.fixture
def registry(tmp_path: Path) -> Path:
    """Return a folder with contracts, and with files that are none."""
    for name, text in {
        "contracts/sound-v1.yaml": SOUND,
        "contracts/deep/warned-v1.yml": WARNED,
        "contracts/wrong-v1.yaml": WRONG,
        "contracts/broken-v1.yaml": BROKEN,
        "contracts/evidence/F-1/receipt.yaml": BROKEN,
        "contracts/.hidden/draft.yaml": BROKEN,
        "contracts/.draft.yaml": BROKEN,
        "contracts/notes.md": BROKEN,
        "empty/notes.md": "",
    }.items():
        file = tmp_path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    return tmp_path


RUNS: tuple[tuple[tuple[str, ...], int, str], ...] = (
    (("contracts/sound-v1.yaml",), 0, "1 file · 0 errors · 0 warnings · PASS"),
    (("contracts/deep",), 0, "1 file · 0 errors · 1 warning · PASS"),
    (("contracts/deep", "--strict"), 1, "1 file · 0 errors · 1 warning · FAIL"),
    (("contracts/sound-v1.yaml", "--strict"), 0, "1 file · 0 errors · 0 warnings · PASS"),
    (("contracts/wrong-v1.yaml",), 1, "1 file · 1 error · 0 warnings · FAIL"),
    (("contracts",), 1, "4 files · 2 errors · 1 warning · FAIL"),
    (("contracts/*.yaml",), 1, "3 files · 2 errors · 0 warnings · FAIL"),
    (("contracts/**/*.yml",), 0, "1 file · 0 errors · 1 warning · PASS"),
    (("contracts", "contracts/sound-v1.yaml", "./contracts/../contracts"), 1,
     "4 files · 2 errors · 1 warning · FAIL"),
    (("contracts/evidence/F-1/receipt.yaml",), 1, "1 file · 1 error · 0 warnings · FAIL"),
    (("empty",), 3, "0 files · 0 errors · 0 warnings · NOTHING JUDGED"),
    (("nothing-*.yaml",), 3, "0 files · 0 errors · 0 warnings · NOTHING JUDGED"),
)  # fmt: skip


@pytest.mark.parametrize(
    ("arguments", "code", "last"), RUNS, ids=[" ".join(run[0]) for run in RUNS]
)
def test_exit_code_and_last_line(
    registry: Path, pv: Pv, arguments: tuple[str, ...], code: int, last: str
) -> None:
    done = pv("validate", *arguments)
    assert (done.returncode, done.stdout.splitlines()[-1]) == (code, last)
    assert ("nothing was judged" in done.stderr) is (code == 3)


def test_json_says_the_same(registry: Path, pv: Pv) -> None:
    done = pv("validate", "contracts", "--format", "json")
    data = json.loads(done.stdout)
    assert done.returncode == 1
    assert (data["outcome"], data["summary"]) == (
        "FAIL",
        {"files": 4, "errors": 2, "warnings": 1, "strict": False},
    )
    assert [(one["file"], one["line"], one["rule"]) for one in data["findings"]] == [
        ("contracts/broken-v1.yaml", 1, "PV-YML-001"),
        ("contracts/deep/warned-v1.yml", 1, "PV-SCH-018"),
        ("contracts/wrong-v1.yaml", 1, "PV-SCH-005"),
    ]


def test_one_bad_file_silences_no_other(registry: Path, pv: Pv) -> None:
    done = pv("validate", "contracts")
    assert done.stdout == (
        "contracts/broken-v1.yaml:1:12: error PV-YML-001 expected a value, found another key\n"
        "    1 | metadata: a: b\n"
        "      |            ^\n"
        "      do: quote a text that holds a colon followed by a blank\n"
        "contracts/deep/warned-v1.yml:1:1: warning PV-SCH-018 contract of no declared kind, thus a"
        " kernel: no equations, no proof_obligations, no falsification_tests, no kani_harnesses\n"
        "    1 | metadata: { version: 1.0.0, description: d, references: [r] }\n"
        "      | ^^^^^^^^\n"
        "      do: add what is missing, or declare under metadata the kind that this is\n"
        "contracts/wrong-v1.yaml:1:22: error PV-SCH-005 metadata: version is number 1.0, expected"
        " text\n"
        "    1 | metadata: { version: 1.0, description: d, references: [r], kind: patter…\n"
        "      |                      ^^^\n"
        '      do: quote it: "1.0"\n'
        "4 files · 2 errors · 1 warning · FAIL\n"
    )


@pytest.mark.parametrize("name", ["absent.yaml", "absent/", ""])
def test_a_name_that_does_not_exist_is_a_usage_error(registry: Path, pv: Pv, name: str) -> None:
    done = pv("validate", "contracts/sound-v1.yaml", name)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == (
        f"no file or folder {name!r}, expected a contract or a folder of contracts\n"
        "  do: check the name; `pv validate contracts` judges a whole folder\n"
    )


def test_no_argument_is_a_usage_error(pv: Pv) -> None:
    assert pv("validate").returncode == 2


def test_odd_files_are_findings(registry: Path, pv: Pv) -> None:
    folder = registry / "odd"
    folder.mkdir()
    os.mkfifo(folder / "pipe.yaml")
    (folder / "loop.yaml").symlink_to("loop.yaml")
    (folder / "gone.yaml").symlink_to("absent.yaml")
    (folder / "empty.yaml").write_bytes(b"")
    (folder / "latin.yaml").write_bytes(b"caf\xe9")
    Path(os.fsdecode(os.fsencode(folder) + b"/b\xff\x1b.yaml")).write_text(SOUND, encoding="utf-8")
    done = pv("validate", "odd")
    assert done.returncode == 1
    assert done.stdout.splitlines()[-1] == "6 files · 5 errors · 0 warnings · FAIL"
    rules = [line.split()[2] for line in done.stdout.splitlines() if line.startswith("odd/")]
    assert rules == ["PV-YML-019", "PV-YML-020", "PV-YML-027", "PV-YML-022", "PV-YML-021"]


def test_a_terminal_without_the_characters_shows_escapes(registry: Path, pv: Pv) -> None:
    (registry / "漢.yaml").write_text("漢: 1\n", encoding="utf-8")
    done = pv("validate", "漢.yaml", PYTHONIOENCODING="ascii", PYTHONUTF8="0")
    assert done.returncode == 1
    assert done.stdout.isascii()
    assert "\\u6f22" in done.stdout


def test_colour_is_never_written_into_a_pipe(registry: Path, pv: Pv) -> None:
    assert "\x1b" not in pv("validate", "contracts", NO_COLOR="").stdout


def test_start_up_loads_nothing_heavy(registry: Path) -> None:
    script = (
        "import sys\n"
        "from pv.cli.main import run\n"
        "sys.argv = ['pv', 'validate', 'contracts/sound-v1.yaml']\n"
        "try:\n    run()\nexcept SystemExit as end:\n    assert end.code == 0, end.code\n"
        "heavy = {'rich', 'pydantic', 'numpy', 'numba', 'gguf', 'jinja2', 'tree_sitter'}\n"
        "print(sorted(heavy & set(sys.modules)))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script],
        cwd=registry,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[3])},
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert done.stdout.splitlines()[-1] == "[]"
