"""Findings about prose point at its words, however the scalar is written."""

from __future__ import annotations

import time

import pytest

from pv.lint.figures.place import place
from pv.yamlfile.judge import judge_text

WORDS = "2 * 3 = 7"
PATH = ("metadata", "description")
PLAIN = "metadata:\n  version: 1.0.0\n  description: "


@pytest.mark.parametrize(
    ("written", "line", "column", "end"),
    [
        ("so 2 * 3 = 7 it is\n", 3, 19, (3, 28)),
        ("'so 2 * 3 = 7 it''s'\n", 3, 20, (3, 29)),
        ('"so\\t2 * 3 = 7"\n', 3, 21, (3, 30)),
        ("|\n    so\n    it is 2 * 3 = 7.\n", 5, 11, (5, 20)),
        ("|-\n      2 * 3 = 7", 4, 7, (4, 16)),
        ("|2\n      2 * 3 = 7\n", 4, 7, (4, 16)),
        ("|\r\n    so 2 * 3 = 7\r\n    on\r\n", 4, 8, (4, 17)),
        (">\n    so 2 * 3\n    = 7 it is\n", 4, 8, (5, 8)),
        ("so 2 * 3\n    = 7\n", 3, 19, (4, 8)),
        ('"so 2 * 3 \\\n    = 7"\n', 3, 16, (4, 9)),
    ],
)
def test_words_are_found(written: str, line: int, column: int, end: tuple[int, int]) -> None:
    text = PLAIN.replace("\n", "\r\n") + written if "\r" in written else PLAIN + written
    contract = judge_text(text, "a-v1.yaml").contract
    assert contract is not None
    value = contract.description
    start = value.index("2 * 3")
    span = place(contract, PATH, value, start, value.index("= 7") + 3)
    assert (span.start.line, span.start.column, (span.end.line, span.end.column)) == (
        line,
        column,
        end,
    )


def test_of_equal_words_each_has_its_own_place() -> None:
    text = PLAIN + f"|\n    {WORDS}, {WORDS}\n    {WORDS}\n"
    contract = judge_text(text, "a-v1.yaml").contract
    assert contract is not None
    value = contract.description
    starts = [0, 11, 21]
    spans = [place(contract, PATH, value, at, at + 9) for at in starts]
    assert [(each.start.line, each.start.column) for each in spans] == [(4, 5), (4, 16), (5, 5)]


def test_many_findings_in_one_text_end_soon() -> None:
    rows = 20_000
    text = PLAIN + "|\n" + f"    {WORDS}\n" * rows
    contract = judge_text(text, "a-v1.yaml").contract
    assert contract is not None
    value = contract.description
    start = time.process_time()
    for row in range(rows):
        place(contract, PATH, value, row * 10, row * 10 + 9)
    assert time.process_time() - start < 2
