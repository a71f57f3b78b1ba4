"""Whole contracts with parts replaced, removed or moved: findings of any kind, never a crash."""

from __future__ import annotations

import copy
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from pv.lint.engine import lint
from pv.lint.options import Options
from pv.yamlfile.judge import judge_text

CORPUS = Path(__file__).parents[2] / "corpus"
DOCUMENTS = [
    yaml.safe_load(path.read_text(encoding="utf-8")) for path in sorted(CORPUS.rglob("*-v1.yaml"))
]
ODD: list[Any] = [
    None,
    "",
    0,
    -1,
    10**30,
    1e400,
    True,
    [],
    {},
    [[]],
    [None],
    ["a", {"b": 1}],
    {"x": {"y": [1]}},
    {"HELD": [1]},
    "\x1b[2J",
    "x" * 3000,
    "../../etc",
    "::",
    "*",
    "'",
    "`x",
    "--",
    "a::b::" * 50,
    "cargo test -p",
    "cargo nextest run -E 'x('",
    "pytest ::::",
    "2026-13-45",
    "\u202e",
]


def _paths(node: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    if not isinstance(node, dict | list):
        return
    for key, value in node.items() if isinstance(node, dict) else enumerate(node):
        yield (*path, key)
        yield from _paths(value, (*path, key))


def _mutated(generator: random.Random) -> str:
    document = copy.deepcopy(generator.choice(DOCUMENTS))
    for _ in range(generator.choice([1, 1, 2, 5, 20])):
        paths = list(_paths(document))
        if not paths:
            break
        *parents, last = generator.choice(paths)
        node = document
        for step in parents:
            node = node[step]
        if generator.random() < 0.8:
            node[last] = copy.deepcopy(generator.choice(ODD))
        else:
            del node[last]
    return yaml.safe_dump(document, sort_keys=False, allow_unicode=True)


@pytest.mark.parametrize("seed", range(4))
def test_odd_contracts_give_findings_and_never_a_crash(seed: int) -> None:
    generator = random.Random(seed)  # noqa: S311 - a repeatable stream is the point
    assert len(DOCUMENTS) >= 6
    for _ in range(12):
        text = _mutated(generator)
        judged = judge_text(text, "contracts/odd-v1.yaml")
        report = lint(CORPUS / "negative", [judged], Options(strict_test_binding=True))
        assert not report.crashes, (report.crashes, text)
        assert report.files == 1
