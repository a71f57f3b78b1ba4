"""The case ids that are read off a source are those that pytest itself gives."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

from pv.bindings.pytest_cases import literal_cases

TOLD = """
import pytest
mark = pytest.mark
SIZES = [1, 2]


@pytest.mark.parametrize("n", [1, -2, 2.5, 1e-7, True, None, "a b", [1], {}, "x-y"])
def test_values(n):
    pass


@pytest.mark.parametrize("a", [1, 2])
@mark.parametrize(["b", "c"], [(3, "x"), pytest.param(4, "y", id="last")])
def test_stacked(a, b, c, tmp_path):
    pass


@pytest.mark.parametrize("a, b", [(1, 2), ((3, 4), 5)], ids=("first", None))
def test_named(a, b):
    pass


@pytest.mark.parametrize("n", [5, 6], ids=[7, "eight"])
def test_numbers_for_names(n):
    pass
"""
UNTOLD = [
    '@pytest.mark.parametrize("n", SIZES)\ndef test(n): pass',
    '@pytest.mark.parametrize("n", [1, SIZES[0]])\ndef test(n): pass',
    '@pytest.mark.parametrize("n", [1, 1])\ndef test(n): pass',
    '@pytest.mark.parametrize("n", [])\ndef test(n): pass',
    '@pytest.mark.parametrize("n", [1, 2], ids=str)\ndef test(n): pass',
    '@pytest.mark.parametrize("n", [1, 2], ids=["a"])\ndef test(n): pass',
    '@pytest.mark.parametrize("n", ["\\n", "é"])\ndef test(n): pass',
    '@pytest.mark.parametrize("n", [b"x"])\ndef test(n): pass',
    '@pytest.mark.parametrize("n,m", [(1,), (2,)])\ndef test(n, m): pass',
    "@pytest.mark.parametrize(NAMES, [1])\ndef test(n): pass",
    '@pytest.mark.parametrize("n", [1])\ndef test(n, silo): pass',
    '@pytest.mark.usefixtures("silo")\n@pytest.mark.parametrize("n", [1])\ndef test(n): pass',
    '@pytest.mark.parametrize("n", [*SIZES, 3])\ndef test(n): pass',
    '@pytest.mark.parametrize("n", [made(1)])\ndef test(n): pass',
    "def test(n): pass",
]


def _functions(text: str) -> list[ast.FunctionDef]:
    return [each for each in ast.parse(text).body if isinstance(each, ast.FunctionDef)]


def test_ids_are_those_of_pytest(tmp_path: Path) -> None:
    (tmp_path / "test_told.py").write_text(TOLD, encoding="utf-8")
    command = [sys.executable, "-m", "pytest", "--collect-only", "-q", "-p", "no:cacheprovider"]
    ran = subprocess.run(
        [*command, "test_told.py"], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    collected = [line for line in ran.stdout.splitlines() if "::" in line]
    read = [
        f"test_told.py::{function.name}[{case}]"
        for function in _functions(TOLD)
        for case in literal_cases(function) or ()
    ]
    assert sorted(read) == sorted(collected)
    assert len(read) == 18


@pytest.mark.parametrize("text", UNTOLD)
def test_what_is_not_literal_is_not_told(text: str) -> None:
    (function,) = _functions(text)
    assert literal_cases(function) is None
