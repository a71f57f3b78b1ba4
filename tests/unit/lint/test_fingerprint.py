"""Fingerprints: one for one fault, kept when lines move, never shared, never by order given."""

from __future__ import annotations

import random
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pv.lint.engine import lint
from pv.lint.fingerprint import LENGTH, fingerprints
from pv.marks import Mark, Span
from pv.model.finding import Finding, Fix
from pv.model.verdict import Severity
from pv.yamlfile.judge import judge_file

_NEGATIVE = Path(__file__).parents[2] / "corpus/negative"

BASE = Finding(
    rule="PV-SCH-002",
    severity=Severity.ERROR,
    message="obligation 3: limit is 4, expected 5",
    span=Span("contracts/a.yaml", Mark(20, 5), Mark(20, 9)),
    advice="write 5",
    contract="a",
    path=("proof_obligations", 2, "limit"),
)


def test_a_fingerprint_is_written_down_and_does_not_change_by_itself() -> None:
    assert fingerprints([BASE, BASE]) == ["4e00c72d64789b06", "3ee937835a8af3fd"]


SAME = {
    "moved": replace(BASE, span=Span("contracts/a.yaml", Mark(99, 1), Mark(99, 2))),
    "file moved": replace(BASE, span=Span("elsewhere/b.yaml", Mark(20, 5), Mark(20, 9))),
    "entry moved": replace(
        BASE, path=("proof_obligations", 7, "limit"), message="obligation 8: limit is 4, expected 5"
    ),
    "severity": replace(BASE, severity=Severity.WARNING),
    "advice": replace(BASE, advice=""),
    "fix": replace(BASE, fix=Fix("five", BASE.span, "5", safe=True)),
    "blanks": replace(BASE, message="obligation 3: limit is  4,\nexpected 5 "),
}
OTHER = {
    "rule": replace(BASE, rule="PV-SCH-003"),
    "contract": replace(BASE, contract="b"),
    "no contract": replace(BASE, contract="", span=Span("b.yaml", Mark(1, 1), Mark(1, 1))),
    "path": replace(BASE, path=("proof_obligations", 2, "minimum")),
    "path end": replace(BASE, path=("proof_obligations", 2)),
    "value": replace(BASE, message="obligation 3: limit is 40, expected 5"),
    "a number that is no position": replace(BASE, message="obligation 4: limit is 4, expected 5"),
}


@pytest.mark.parametrize("other", SAME.values(), ids=SAME)
def test_what_says_where_only_is_left_out(other: Finding) -> None:
    assert fingerprints([other]) == fingerprints([BASE])


@pytest.mark.parametrize("other", OTHER.values(), ids=OTHER)
def test_what_says_what_is_kept(other: Finding) -> None:
    assert fingerprints([other]) != fingerprints([BASE])


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("F-1 stands in line 4 too", "F-1 stands in line 44 too"),
        ("first at line 1, column 2", "first at line 10, column 20"),
        ("F-1 stands at x/y.yaml:40:9 too", "F-1 stands at x/y.yaml:7:11 too"),
        ("tests[3] is a list", "tests[12] is a list"),
        ("F-1 moved since HEAD under 1.0.0", "F-1 moved since main (0123abcd) under 1.0.0"),
        (
            "version 2.0.0 follows 1.0.0 of HEAD, e",
            "version 2.0.0 follows 1.0.0 of dev (89abcdef), e",
        ),
        ("no day after today (2026-01-02)", "no day after today (2026-11-12)"),
    ],
)
def test_places_in_messages_do_not_count(before: str, after: str) -> None:
    assert fingerprints([replace(BASE, message=before)]) == fingerprints(
        [replace(BASE, message=after)]
    )


def test_a_file_without_a_contract_goes_by_its_stem() -> None:
    unread = replace(BASE, contract="", span=Span("deep/a.yaml", Mark(1, 1), Mark(1, 1)))
    assert fingerprints([unread]) == fingerprints([BASE])


@given(st.lists(st.integers(1, 4), max_size=12), st.randoms())
def test_alike_findings_get_ordinals_that_do_not_depend_on_the_order_given(
    lines: list[int], shuffler: random.Random
) -> None:
    findings = [
        replace(BASE, span=Span("contracts/a.yaml", Mark(line, 1), Mark(line, 2))) for line in lines
    ]
    expected = fingerprints([BASE] * len(lines))
    assert sorted(fingerprints(findings)) == sorted(expected)
    assert len(set(expected)) == len(lines)
    assert all(len(one) == LENGTH for one in expected)
    by_line = sorted(findings, key=Finding.sort_key)
    assert fingerprints(by_line) == expected
    shuffled = [*findings]
    shuffler.shuffle(shuffled)
    assert _by_line(shuffled) == _by_line(by_line)


def _by_line(findings: list[Finding]) -> list[tuple[int, str]]:
    given = zip(findings, fingerprints(findings), strict=True)
    return sorted((one.span.start.line, print_) for one, print_ in given)


def test_lines_put_before_everything_change_no_fingerprint_of_the_bad_corpus(
    tmp_path: Path,
) -> None:
    files = sorted((_NEGATIVE / "contracts").glob("*.yaml"))
    assert files
    before = [judge_file(file, f"contracts/{file.name}") for file in files]
    moved = []
    for file in files:
        text = file.read_bytes()
        copy = tmp_path / file.name
        copy.write_bytes(b"# one line\n\n# and another\n" + text)
        moved.append(judge_file(copy, f"contracts/{file.name}"))
    first, second = lint(_NEGATIVE, before), lint(_NEGATIVE, moved)
    assert len(first.findings) > 20
    assert [one.span for one in first.findings] != [one.span for one in second.findings]
    assert fingerprints(first.findings) == fingerprints(second.findings)
