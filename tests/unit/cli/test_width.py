"""What commands print fits into 80 columns, but for places of findings and for long words."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from pv.cli.main import COMMANDS
from pv.output.fold import folded
from tests.unit.cli.history_repository import REPOSITORY
from tests.unit.lint.in_process import pv

WIDTH = 80
_FINDING = re.compile(r"^\S+:\d+:\d+: (?:error|warning|info) ")
"""A finding stands in one line, so that editors and scripts can read its place."""


def wide(text: str) -> list[str]:
    """Return the lines that are wider than they need be."""
    return [
        line
        for line in text.splitlines()
        if len(line) > WIDTH
        and not _FINDING.match(line)
        and len(max(line.split(), key=len)) < WIDTH - 10
    ]


@pytest.mark.parametrize(
    "arguments",
    [
        ("lint",),
        ("lint", "--strict-test-binding"),
        ("lint", "--statistics"),
        ("validate", "contracts"),
        ("config",),
        ("status",),
        ("kernels",),
        ("render", "--check"),
        ("rule", "--list"),
        ("rule", "PV-DEP-001"),
        ("diff", "tests/corpus/negative-before/contracts", "tests/corpus/negative/contracts"),
        ("claims", "--base", "HEAD", "--text", "README.md"),
    ],
    ids=" ".join,
)
def test_over_our_registry(arguments: tuple[str, ...]) -> None:
    done = pv(*arguments, folder=REPOSITORY)
    assert done.returncode in {0, 1, 3}
    assert done.stdout
    assert wide(done.stdout + done.stderr) == []


@pytest.mark.parametrize("command", COMMANDS)
def test_help(command: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", str(WIDTH))
    monkeypatch.setenv("TERMINAL_WIDTH", str(WIDTH))
    assert wide(pv(command, "--help", folder=REPOSITORY).stdout) == []


def test_the_list_of_commands_cuts_no_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", str(WIDTH))
    monkeypatch.setenv("TERMINAL_WIDTH", str(WIDTH))
    shown = pv("--help", folder=REPOSITORY).stdout
    assert all(f"\n  {command} " in shown for command in COMMANDS)
    assert "..." not in shown.partition("Commands:")[2]


def test_the_verdict_stays_the_last_line_and_whole(tmp_path: Path) -> None:
    assert pv("init", "registry", folder=tmp_path).returncode == 0
    done = pv("lint", folder=tmp_path / "registry")
    *_, above, last = done.stdout.splitlines()
    assert re.match(r"PASS, \d+ gates · 1 file · 0 errors · 0 warnings\b", last)
    assert above == "2 not judged · 1 not asked for"


def test_folding_keeps_words_and_indents_the_rest() -> None:
    assert folded("short") == "short"
    text = folded("  MAJOR  " + "word " * 20, 9)
    assert [len(line) <= WIDTH for line in text.splitlines()] == [True, True]
    assert text.splitlines()[0].startswith("  MAJOR  word")
    assert text.splitlines()[1].startswith("         word")
    assert folded("a " + "x" * 90) == "a\n  " + "x" * 90
