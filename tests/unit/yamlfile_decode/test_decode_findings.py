"""Every fault of a contract is found, with its place, its rule and what to do."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest

from pv.model.finding import Finding
from pv.yamlfile.judge import judge_text
from pv.yamlfile.nodes import to_plain
from pv.yamlfile.read import read_file
from pv.yamlfile.schema_problems import SchemaCode

_HEAD = "metadata: { version: 1.0.0, description: d, references: [r], kind: pattern }\n"
_FILE = Path(__file__).parent / "cases.yaml"


def _cases() -> list[dict[str, Any]]:
    document = read_file(_FILE, _FILE.name)
    assert document.sound, document.problems
    cases = to_plain(document.root)  # type: ignore[arg-type] # a sound document has a root
    assert isinstance(cases, list)
    assert cases, "no case at all"
    return cases  # type: ignore[return-value] # the file is a list of mappings


CASES = _cases()


def _line(finding: Finding) -> str:
    start, end = finding.span.start, finding.span.end
    place = f"{start.line}:{start.column}-{end.line}:{end.column}"
    said = f"{finding.severity.value} {finding.rule} {finding.message} · {finding.advice}"
    return f"{place} {said}"


@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
def test_a_contract_yields_exactly_these_findings(case: dict[str, Any]) -> None:
    found = judge_text(case["text"], "c.yaml").findings
    assert [_line(one) for one in found] == case["findings"]
    assert {one.span.file for one in found} <= {"c.yaml"}


def test_every_kind_of_fault_has_a_case() -> None:
    seen = {
        problem.code
        for case in CASES
        for problem in judge_text(case["text"], "c.yaml").decoded.problems
    }
    assert seen == set(SchemaCode) - {SchemaCode.PROBLEM_FLOOD}


@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
def test_messages_keep_the_house_form(case: dict[str, Any]) -> None:
    for one in judge_text(case["text"], "c.yaml").findings:
        for text in (one.message, one.advice):
            assert text
            assert "\n" not in text
            assert not text.endswith(".")
        assert one.message[0].islower() or one.message.split()[0].isupper()
        assert one.path or one.rule in ("PV-SCH-001", "PV-YML-003")


def test_a_finding_carries_contract_and_path() -> None:
    text = "metadata: { id: C-1, version: 1.0.0, kind: ship, colour: red }\n"
    findings = judge_text(text, "c.yaml").findings
    assert {(one.contract, one.path) for one in findings} == {
        ("C-1", ("metadata",)),
        ("C-1", ("metadata", "colour")),
    }


def test_one_bad_item_fails_itself_alone() -> None:
    text = """
metadata: { version: 1.0.0, description: d, references: [r], kind: pattern }
falsification_tests:
  - { id: F-1, rule: r, prediction: p, if_fails: x, test: t }
  - 17
  - { id: F-3, rule: [], prediction: p, if_fails: x, test: t, expect: [ { metric: m } ] }
  - { id: F-4, rule: r, prediction: p, test: t }
"""
    judged = judge_text(text, "c.yaml")
    assert judged.contract is not None
    falsifiers = judged.contract.falsifiers
    assert [one.id for one in falsifiers] == ["F-1", "F-3", "F-4"]
    assert [len(judged.decoded.faults_under(one.path)) for one in falsifiers] == [0, 3, 0]
    assert len(judged.decoded.faults_under(())) == 4
    assert len(judged.findings) == 5  # an incomplete falsifier is a warning, and no fault
    assert falsifiers[1].prediction == "p"


def test_an_unread_document_has_no_contract_and_keeps_its_fault() -> None:
    judged = judge_text("a: [", "c.yaml")
    assert judged.contract is None
    assert not judged.sound
    assert [one.rule for one in judged.findings] == ["PV-YML-001"]


@pytest.mark.parametrize("head", [_HEAD, ""])
def test_a_flood_of_problems_ends_soon(head: str) -> None:
    text = head + "".join(f"falsification_test{number}: 1\n" for number in range(20_000))
    started = time.process_time()
    findings = judge_text(text, "c.yaml").findings
    assert time.process_time() - started < 10
    assert len(findings) == 201
    assert [one.rule for one in findings].count("PV-SCH-020") == 1


@pytest.mark.parametrize(
    "text",
    [
        "metadata:\n  version: |\n    x\n" + "\n" * 200_000 + "    y\n",
        "metadata:\n  description: |\n    x\n" + "\n" * 200_000 + "    y\n",
        "metadata:\n  description: |\n" + "    v1.0.0 AMENDMENT (2026-01-01\n" * 7_000,
        "metadata:\n  changelog: '" + " " * 200_000 + "x'\n",
        "metadata:\n  changelog: ['1.0 " + " -" * 100_000 + "']\n",
        "proof_obligations: [ { property: p, tolerance: '"
        + "1" * 200_000
        + "x' } ]\nmetadata: {}\n",
        "metadata: { kind: ship }\nmodels: [ { id: m, base: '" + "1" * 200_000 + "x' } ]\n",
        "metadata: { status_v" + "9" * 900 + ": A, status_v1: B }\n",
        "metadata:\n  ? " + "k" * 200_000 + "\n  : 1\n",
        "equations:\n  ? " + "k" * 200_000 + "\n  : 1\nmetadata: {}\n",
        "metadata: { x-"
        + "1" * 900
        + ": 1 }\n"
        + "proof_obligations: ["
        + "{"
        + "}, {" * 5_000
        + "} ]\n",
    ],
    ids=range(11),
)
def test_hostile_texts_are_judged_soon_and_in_few_words(text: str) -> None:
    started = time.process_time()
    findings = judge_text(text, "c.yaml").findings
    assert time.process_time() - started < 5
    assert findings
    for one in findings:
        assert len(one.message) + len(one.advice) < 1000
