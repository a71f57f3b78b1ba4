"""`-f` and `-o` as a user gives them: several formats in one run, each in its own place."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from pv.output.escape import escape
from pv.output.formats import WRITERS
from pv.output.names import Format
from tests.unit.output.test_formats import EXITS, SAID

_ROOT = Path(__file__).parents[3]
_CORPUS = _ROOT / "tests/corpus"

SOUND = "metadata: { version: 1.0.0, description: d, references: [r], kind: pattern }\n"
WARNED = "metadata: { version: 1.0.0, description: d, references: [r] }\n"
WRONG = "metadata: { version: 1.0, description: d, references: [r], kind: pattern }\n"


def pv(
    *arguments: str | Path, folder: Path, **environment: str
) -> subprocess.CompletedProcess[bytes]:
    program = f"import sys; sys.path.insert(0, {str(_ROOT)!r}); from pv.cli.main import run; run()"
    clean = {name: value for name, value in os.environ.items() if name != "GITHUB_ACTIONS"}
    return subprocess.run(
        [sys.executable, "-c", program, *map(str, arguments)],
        cwd=folder,
        env={**clean, **environment},
        capture_output=True,
        timeout=60,
        check=False,
    )


def everywhere(folder: Path) -> list[str | Path]:
    """Return the options that write every format into a folder."""
    pairs = (("-f", form.value, "-o", folder / form.value) for form in WRITERS)
    return [option for pair in pairs for option in pair]


@pytest.fixture
def registry(tmp_path: Path) -> Path:
    folder = tmp_path / "registry"
    for name, text in {"sound": SOUND, "warned": WARNED, "wrong": WRONG}.items():
        file = folder / "contracts" / name / f"{name}-v1.yaml"
        file.parent.mkdir(parents=True)
        file.write_text(text, encoding="utf-8")
    (folder / "empty").mkdir()
    return folder


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["validate", "contracts/sound"], 0),
        (["validate", "contracts/warned"], 0),
        (["validate", "contracts/warned", "--strict"], 1),
        (["validate", "contracts"], 1),
        (["validate", "empty"], 3),
        (["lint", "contracts/sound"], 0),
        (["lint", "contracts/wrong", "--statistics"], 1),
        (["lint", "--root", "empty"], 3),
    ],
    ids=str,
)
def test_exit_code_and_every_format_agree(
    arguments: list[str], code: int, registry: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    out.mkdir()
    done = pv(*arguments, *everywhere(out), "-f", "concise", folder=registry)
    assert done.returncode == code, done.stderr
    written = {form: (out / form.value).read_text(encoding="utf-8") for form in WRITERS}
    assert done.stdout.decode("utf-8") == written[Format.CONCISE]
    said = {form: SAID[form](text) for form, text in written.items()}
    assert len(set(said.values())) == 1, said
    names = {"PASS": "clean", "FAIL": "linted"}
    (word,) = set(said.values())
    assert EXITS[names.get(word, "nothing")] == code


def test_the_same_bytes_whatever_the_surroundings(tmp_path: Path) -> None:
    root = tmp_path / "one/registry"
    shutil.copytree(_CORPUS / "negative", root)
    copy = tmp_path / "another place/with a longer name"
    shutil.copytree(root, copy)
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    surroundings = (
        (root, [], {"PYTHONHASHSEED": "0", "LC_ALL": "C", "TZ": "UTC"}),
        (root / "contracts", [], {"PYTHONHASHSEED": "1", "LC_ALL": "C.UTF-8", "TZ": "Asia/Tokyo"}),
        (elsewhere, ["--root", root], {"PYTHONHASHSEED": "2", "LC_ALL": "tr_TR.ISO-8859-9"}),
        (copy, [], {"PYTHONHASHSEED": "3", "LC_ALL": "POSIX", "TZ": "America/Los_Angeles",
                    "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0"}),
    )  # fmt: skip
    seen = []
    for number, (folder, options, environment) in enumerate(surroundings):
        out = tmp_path / f"out{number}"
        out.mkdir()
        done = pv(
            "lint", "--strict-test-binding", *options, *everywhere(out), "-f", "text",
            folder=folder, **environment,
        )  # fmt: skip
        assert (done.returncode, done.stderr) == (1, b"")
        files = {file.name: file.read_bytes() for file in sorted(out.iterdir())}
        assert set(files) == {form.value for form in WRITERS}
        assert done.stdout == files["text"]
        seen.append(files)
    assert all(one == seen[0] for one in seen)
    assert "·".encode() in seen[0]["text"]


@pytest.mark.parametrize("command", [["validate", "contracts"], ["lint"]])
def test_characters_of_files_and_names_never_reach_the_terminal(
    command: list[str], registry: Path
) -> None:
    bad = registry / "contracts" / "a\x1b[31m\n%,b-v1.yaml"
    bad.write_text('metadata: { version: "\\e[2J\\x9b\\u202E", "x\\a": 1 }\n', encoding="utf-8")
    for form in WRITERS:
        done = pv(*command, "-f", form.value, folder=registry)
        assert done.returncode == 1
        text = (done.stdout + done.stderr).decode("utf-8").replace("\n", "")
        assert escape(text) == text
        assert "v1.yaml" in text


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ("-f json -f sarif", "json and sarif both go to standard output"),
        ("-f json -o - -f sarif", "json and sarif both go to standard output"),
        ("-f json -o x -f sarif -o ./x", "json and sarif both go to x"),
        ("-o x", "-o x follows no format"),
        ("-o x -f json", "-o x follows no format"),
        ("-f json -o x -o y", "-o y follows no format"),
        ("-f json -o gone/x", "no folder 'gone'"),
        ("-f json -o contracts", "-o contracts: is a folder"),
        ("-f yaml", "'yaml' is not one of"),
    ],
)
@pytest.mark.parametrize("command", [["validate", "contracts/sound"], ["lint"]])
def test_what_cannot_be_carried_out_is_exit_2(
    command: list[str], options: str, said: str, registry: Path
) -> None:
    done = pv(*command, *options.split(), folder=registry)
    assert (done.returncode, done.stdout) == (2, b"")
    assert said in done.stderr.decode("utf-8")
    assert b"Traceback" not in done.stderr
    assert not (registry / "x").exists()


@pytest.mark.parametrize(
    ("options", "files", "first"),
    [
        ("", (), b"1 file"),
        ("-f concise -o x", ("x",), b""),
        ("-f concise -f json -o x", ("x",), b"1 file"),
        ("-o- -f json", (), None),
        ("--format=json --output=x --format text", ("x",), b"1 file"),
        ("-fjson -ox -f jsonl -o y -f text -o -", ("x", "y"), b"1 file"),
    ],
)
def test_each_output_belongs_to_the_format_before_it(
    options: str, files: tuple[str, ...], first: bytes | None, registry: Path
) -> None:
    done = pv("validate", "contracts/sound", *options.split(), folder=registry)
    if first is None:
        assert done.returncode == 2
        return
    assert (done.returncode, done.stdout[: len(b"1 file")]) == (0, first)
    assert {one.name for one in registry.iterdir()} == {"contracts", "empty", *files}
    for name in files:
        assert (registry / name).stat().st_size


@pytest.mark.parametrize(
    ("actions", "first"), [("true", b"::error file="), ("", b"contracts/wrong/wrong-v1.yaml:")]
)
def test_auto_knows_where_it_runs(actions: str, first: bytes, registry: Path) -> None:
    arguments = ("validate", "contracts/wrong", "-f", "auto")
    assert pv(*arguments, folder=registry, GITHUB_ACTIONS=actions).stdout.startswith(first)


def test_a_full_disk_is_said(registry: Path) -> None:
    done = pv("validate", "contracts", "-f", "json", "-o", "/dev/full", folder=registry)
    assert (done.returncode, done.stdout) == (2, b"")
    assert b"cannot write '/dev/full' (No space left" in done.stderr
