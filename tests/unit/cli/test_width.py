"""What commands print fits into 80 columns, but for places of findings and for long words."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save_file

from pv.cli.main import COMMANDS
from pv.output.fold import folded
from tests.unit.cli.history_repository import REPOSITORY
from tests.unit.forward.random_model import Recipe, write_model
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


@pytest.mark.parametrize(
    "arguments",
    [
        ("story", "nosuch"),
        ("bisect", "no-such-model-of-this-machine"),
        ("trace", "{bad}", "--ids", "1,2,3"),
        ("trace", "{model}", "--ids", "3,1,4", "--tokens", "last", "--against", "{arrays}"),
        ("bisect", "{model}", "--plant", "7:nosuch"),
        ("discharge", "NO-SUCH-FALSIFIER-001"),
        ("explain", "NO-SUCH-FALSIFIER-001"),
        ("rule", "PV-NON-999"),
    ],
    ids=lambda arguments: " ".join(arguments[:2]),
)
def test_errors(
    arguments: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PV_CONFIG_DIR", str(tmp_path / "config"))
    monkeypatch.setenv("PV_CACHE_DIR", str(tmp_path / "cache"))
    model = write_model(tmp_path / "model.gguf", Recipe())
    (tmp_path / "bad.gguf").write_bytes(model.read_bytes()[:1000])
    arrays = {"logits": np.zeros((3, 320), np.float32)}
    save_file(arrays, tmp_path / "arrays", metadata={"tokens": "all"})
    names = {"model": "model.gguf", "bad": "bad.gguf", "arrays": "arrays"}
    (tmp_path / "contracts").mkdir()
    contract = REPOSITORY / "contracts" / "trace-ffn-sub-block-gguf-v1.yaml"
    (tmp_path / "contracts" / contract.name).write_bytes(contract.read_bytes())
    done = pv(*(each.format(**names) for each in arguments), folder=tmp_path)
    assert done.returncode in {2, 3}, done.stderr
    assert max(map(len, done.stderr.splitlines())) <= WIDTH
