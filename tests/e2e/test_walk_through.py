"""The walk-through in the documents is what happens, command by command."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "docs" / "walk-through.md").read_text(encoding="utf-8")
COPIED = ("pv", "kernels", "falsifiers", "contracts", "schemas", "templates")


def steps():
    """Return the commands with the lines that follow each."""
    found = []
    for line in re.findall(r"^    (.+)$", TEXT, re.MULTILINE):
        if line.startswith("$ "):
            found.append((line[2:], []))
        else:
            found[-1][1].append(line.strip())
    return found


@pytest.fixture
def copy(tmp_path):
    """Return a copy of the project, committed, that runs its own code."""
    ignored = shutil.ignore_patterns("__pycache__", ".pv")
    for name in COPIED:
        shutil.copytree(ROOT / name, tmp_path / name, symlinks=True, ignore=ignored)
    (tmp_path / ".gitignore").write_text("__pycache__/\n.pv/\n")
    git = ["git", "-c", "user.name=t", "-c", "user.email=t@localhost", "-C", str(tmp_path)]
    for words in (["init", "-q"], ["add", "-A"], ["commit", "-qm", "the project"]):
        subprocess.run([*git, *words], check=True)
    return tmp_path


def pv(root, words):
    environment = {**os.environ, "PYTHONPATH": str(root), "COLUMNS": "80"}
    return subprocess.run(
        [sys.executable, "-m", "pv", *words],
        cwd=root,
        env=environment,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


def test_every_command_does_what_the_page_says(copy):
    ran, sound = 0, {}
    for command, expected in steps():
        if broken := re.fullmatch(r'break (\S+): "(.+)" -> "(.+)"', command):
            file = copy / broken[1]
            sound[broken[1]] = file.read_text()
            assert broken[2] in sound[broken[1]]
            file.write_text(sound[broken[1]].replace(broken[2], broken[3]))
            continue
        if mended := re.fullmatch(r"mend (\S+)", command):
            (copy / mended[1]).write_text(sound.pop(mended[1]))
            continue
        words, _, code = command.partition("# exit ")
        done = pv(copy, words.split()[1:])
        assert done.returncode == int(code), (command, done.stdout + done.stderr)
        for line in expected:
            assert line in done.stdout, (command, line, done.stdout)
        ran += 1
    assert ran == 13
    assert sound == {}
    assert (copy / "page.html").is_file()
