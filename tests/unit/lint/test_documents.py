"""Documents held against themselves, and the contradictions that were once published, by letter."""

from __future__ import annotations

import json
import time

import pytest
from typer.testing import CliRunner

from pv.cli.main import app
from pv.lint.documents.judge import judge_document
from pv.lint.documents.markdown import sections_of

TABLE = """\
| AC | criterion | status |
| --- | --- | --- |
| 001 | loads | DISCHARGED |
| 002 | parses | PARTIAL_ALGORITHM_LEVEL |
| 003 | agrees | PARTIAL |
"""

# Letter, document, line, check and message of the contradiction that it holds.
PUBLISHED = [
    (
        "a: criteria that are credited a second time",
        (
            "**MODEL-1 ship %**: **95% → 100%** (v3.18: 001, 003, 004, 009 and 010 discharged)\n\n"
            "**MODEL-1 ship %**: **93% → 95%** (v2.90: 001 and 009 discharged)\n"
        ),
        1,
        "credit",
        "MODEL-1 earns 5 points with 001, 009, credited already (line 3)",
    ),
    (
        "b: a row of sums that is none",
        (
            "| what | DISCHARGED | PARTIAL |\n| --- | --- | --- |\n| M1 | 5 | 5 |\n| M2 | 3 | 9 |\n"
            "| other | 25 | 0 |\n| **sum** | 33 | 33 |\n"
        ),
        6,
        "sum",
        "PARTIAL is 33 in all, expected 14: the sum of its rows",
    ),
    (
        "c: five criteria for four points, single ones for one",
        (
            "**MODEL-1 ship %**: **95% → 99%** (v3.18: 001, 003, 004, 009, 010)\n"
            "**MODEL-1 ship %**: **94% → 95%** (v3.17: 005)\n"
        ),
        1,
        "weights",
        (
            "MODEL-1: 5 criteria gave 4 points, but 1 criterion gave 1 points (line 2);"
            " no weights are declared"
        ),
    ),
    (
        "d: eighteen points for three criteria, one for another",
        (
            "**MODEL-2 ship %**: **77% → 78%** (v3.28: 009)\n"
            "**MODEL-2 ship %**: **57% → 75%** (v3.24: 003, 004, 005)\n"
            "**MODEL-2 ship %**: **75% → 77%** (v3.25: 006)\n"
        ),
        3,
        "weights",
        (
            "MODEL-2: 1 criterion gave 2 points, but 3 criteria gave 18 points (line 2);"
            " no weights are declared"
        ),
    ),
    (
        "g: a citation of the wrong section",
        (
            "## 15.7 Five partials of MODEL-1\n\nfive partials\n\n## 17.5 Where the bug must be\n\n"
            'In the matmul.\n\n## 40 Banner\n\nAs §17.5 "five partials" says, one fix does it.\n'
        ),
        11,
        "citation",
        '§17.5 is cited for "five partials", its title is "Where the bug must be"',
    ),
    (
        "h: a forecast taken for a state",
        (
            "**MODEL-1 ship %**: **96% → 97%** (v3.06: 002)\n"
            "**MODEL-1 ship %**: **91% → 96%** (v3.05: pending 002, 005, 006, 007, 008)\n"
            "**MODEL-1 ship %**: **90% → 91%** (v3.04: 010)\n"
        ),
        1,
        "forecast",
        "MODEL-1 moves from 96 %, expected 91 % (line 3), which was a forecast and earned nothing",
    ),
    (
        "i: a refuted statement that does not say so",
        (
            "## 27 The cause is the multiply\n\nIt is.\n\n## 28 The cause is the matmul\n\nSee "
            "§30.\n\n## 30 Neither\n\nThis refutes §27 and §28.\n"
        ),
        1,
        "superseded",
        "§27 is refuted in §30 and does not say so",
    ),
    (
        "j: eleven pull requests, ten of them listed",
        "Closed by 11 PRs: #1, #2, #3, #4, #5, #6, #7, #8, #9 and #10.\n",
        1,
        "count",
        "11 PRs, expected 10: as many are listed behind it",
    ),
    (
        "j: two counts of the same tests",
        "It has 11 lib + 1 integration tests.\n\nAll pass: 10 lib / 1 integration.\n",
        3,
        "count",
        '"10 lib / 1 integration", but line 1 says "11 lib + 1 integration"',
    ),
    (
        "k: a header that says all, over a table of partial rows",
        f"# Specification\n\n**Status:** 100 %, all live-discharged\n\n## 5 Criteria\n\n{TABLE}",
        3,
        "header",
        '"100 %, all live-discharged" over the table in line 7, in which 1 of 3 are',
    ),
    (
        "k: a header that counts other rows",
        f"# Specification\n\n10 criteria, 1 DISCHARGED\n\n## 5 Criteria\n\n{TABLE}",
        3,
        "header",
        "10 criteria, expected 3: the rows of the table in line 7",
    ),
]


@pytest.mark.parametrize(
    ("text", "line", "check", "message"), [each[1:] for each in PUBLISHED],
    ids=[each[0] for each in PUBLISHED],
)  # fmt: skip
def test_each_published_contradiction_is_found(text, line, check, message):
    found = judge_document(text)
    assert [(each.line, each.check, each.message) for each in found.faults] == [
        (line, check, message)
    ]
    assert found.judged > 0


SOUND = [
    "# Specification\n\n3 criteria, 1 DISCHARGED, 2 PARTIAL\n\n## 5 Criteria\n\n" + TABLE,
    "| part | n |\n| --- | --- |\n| a | 1.5 |\n| b | 2.5 |\n| total | 4 |\n",
    "| part | n |\n| --- | --- |\n| a | one |\n| b | 2 |\n| total | 4 |\n",  # nothing to add up
    (
        "**MODEL-1 ship %**: **94% → 95%** (v3.17: 005)\n**MODEL-1 ship %**: **95% → 99%** (v3.18: "
        "001, 003)\n\n| AC | w |\n| --- | --- |\n| 001 | 2 |\n| 003 | 2 |\n"
    ),  # weights are declared
    (
        "**MODEL-1 ship %**: **91% → 96%** pending five criteria (v3.05)\n"
        "**MODEL-1 ship %**: **91% → 92%** (v3.06: 002)\n"
    ),  # a forecast, and named as one
    (
        '## 17.5 Five partials\n\nThe five.\n\n## 18 Next\n\nSee §17.5 "five partials" and '
        "[the five partials](#175-five-partials).\n"
    ),
    "## 27 A cause\n\nRefuted, see §30.\n\n## 30 None\n\nThis refutes §27.\n",
    "Merged as 2 PRs: #1 and #2.\n",
    "Of 3 tests:\n\n- one\n- two\n- three\n",
    "```\n11 PRs: #1, #2\n§99\n```\n",
    "no number at all\n",
]


@pytest.mark.parametrize("text", SOUND)
def test_what_agrees_with_itself_is_left_alone(text):
    assert judge_document(text).faults == ()


MORE = [
    ("## 1 One\n\nSee §2.\n\n## 3 Three\n", "§2 is cited, and no section has that number"),
    ("## 1 One\n\n[there](#two)\n", "#two is no heading of this document"),
    ("## 1 One\n\nof it\n\n## 2 Two\n\n[blue whale](#1-one)\n",
     '"blue whale" leads to "One", which says none of it'),
    ("These 3 rules:\n\n1. a\n2. b\n", "3 rules, expected 2: the list below has as many"),
    ("6 of 8 rows (80 %) hold\n", '"6 of 8 is 80 %", expected 75.0 %'),
]  # fmt: skip


@pytest.mark.parametrize(("text", "message"), MORE)
def test_other_contradictions(text, message):
    (fault,) = judge_document(text).faults
    assert fault.message.startswith(message)


def test_the_section_that_holds_what_is_cited_is_named():
    text = PUBLISHED[4][1]
    (fault,) = judge_document(text).faults
    assert fault.advice == "it stands in §15.7"


def test_a_document_is_taken_apart_with_its_lines():
    first, second = sections_of("intro\n\n## §3.1. Title (2026-05-07)\n\ntext\n\n" + TABLE)
    assert (first.number, first.id, first.title) == (1, "", "")
    assert (second.number, second.id, second.title) == (3, "3.1", "Title (2026-05-07)")
    (table,) = second.tables
    assert (table.number, table.header, len(table.rows)) == (7, ("AC", "criterion", "status"), 3)
    assert table.rows[0] == (9, ("001", "loads", "DISCHARGED"))


def test_the_command_prints_place_and_advice_and_says_nothing_of_nothing(tmp_path):
    bad, bare = tmp_path / "spec.md", tmp_path / "bare.md"
    bad.write_text(PUBLISHED[1][1])
    bare.write_text("words\n")
    run = CliRunner().invoke
    told = run(app, ["claims", "--document", str(bad)])
    assert told.exit_code == 1
    assert f"{bad}:6: sum: PARTIAL is 33 in all, expected 14" in told.output
    assert told.output.endswith(
        "contradictions: 1; counts, citations and moves looked at: 1 (exit 1)\n"
    )
    data = json.loads(run(app, ["claims", "--document", str(bad), "--format", "json"]).output)
    assert (data["exit_code"], data["documents"][0]["faults"][0]["line"]) == (1, 6)
    nothing = run(app, ["claims", "--document", str(bare)])
    assert (nothing.exit_code, nothing.output) == (3, "nothing was judged (exit 3)\n")
    both = run(app, ["claims", "--document", str(bare), "--base", "HEAD"])
    assert "--document goes alone" in str(both.exception)


@pytest.mark.parametrize(
    "text",
    [
        "**MODEL-1 ship %**: **91% → 92%** (v3.06: 002) " * 2000,
        "## 1 x\n" + "a " * 50000 + "§1 " * 1000,
        "12 items, " * 10000 + ":",
        "**Date:** " + "2026-05-07 (v3.0.1 text) / " * 4000,
    ],
)
def test_a_line_of_a_hundred_kilobytes_takes_no_time(text):
    """Histories stand in one line: what grows with its square would never end."""
    began = time.process_time()
    judge_document(text)
    assert time.process_time() - began < 5


@pytest.mark.parametrize(
    "text",
    [
        f"# 1. T\n\nsee §{'9' * 5000}\n",
        f"# {'9' * 5000}. T\n",
        f"# T\n\n| n | DISCHARGED |\n| --- | --- |\n| a | {'9' * 5000} |\n| sum | 1 |\n",
        f"MODEL-1 ship %: {'9' * 400}% → {'9' * 400}%\n",
        f"MODEL-1 ship %: 1% → 2% (v{'9' * 5000}.1)\n",
        f"# {' ' * 20_000}x\n",
        f"|{' ' * 20_000}x\n",
        f"| a |\n{' ' * 20_000}x\n",
    ],
)
def test_numbers_and_blanks_without_end_are_passed_over(text):
    started = time.process_time()
    judge_document(text)
    assert time.process_time() - started < 2
