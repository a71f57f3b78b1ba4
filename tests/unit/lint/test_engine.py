"""The engine: verdicts from final findings, absence that is no pass, crashes that have a name."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from pv.lint.catalogue import find_rule
from pv.lint.context import Context
from pv.lint.engine import Outcome, Report, RuleCrashError, lint
from pv.lint.gates import GateState
from pv.lint.options import Options
from pv.lint.rule import GateName, Rule
from pv.lint.rules import RULES
from pv.model.contract import Contract
from pv.model.finding import Finding
from pv.yamlfile.judge import judge_text

SOUND = """\
metadata:
  version: 1.0.0
  kind: pattern
  description: one
  references: [ "two" ]
"""
UNEXPLAINED = SOUND + "proof_obligations: [ { type: bound, property: one, tolerance: 1 } ]\n"


def run(
    root: Path, *texts: str, options: Options | None = None, rules: tuple[Rule, ...] = RULES
) -> Report:
    judged = [judge_text(text, f"contracts/c{n}-v1.yaml") for n, text in enumerate(texts)]
    return lint(root, judged, options, rules=rules)


def states(report: Report) -> dict[GateName, GateState]:
    return {gate.gate: gate.state for gate in report.gates}


def test_every_gate_has_a_line_in_its_order(tmp_path: Path) -> None:
    assert [gate.gate for gate in run(tmp_path, SOUND).gates] == list(GateName)


def test_no_contract_is_no_verdict(tmp_path: Path) -> None:
    report = run(tmp_path)
    assert report.outcome is Outcome.NO_VERDICT
    assert report.count(GateState.PASSED) == 0
    assert set(states(report).values()) == {
        GateState.NOTHING,
        GateState.UNJUDGED,
        GateState.NOT_ASKED,
    }


def test_a_gate_with_nothing_to_judge_does_not_pass_and_does_not_fail(tmp_path: Path) -> None:
    found = states(run(tmp_path, SOUND))
    assert found[GateName.VALIDATE] is GateState.PASSED
    assert found[GateName.SHIP] is GateState.NOTHING
    assert found[GateName.COMPOSITION] is GateState.NOTHING
    assert found[GateName.SCORE] is GateState.NOTHING


def test_outside_git_moves_are_not_judged_and_the_line_says_why(tmp_path: Path) -> None:
    gate = next(g for g in run(tmp_path, SOUND).gates if g.gate is GateName.TRANSITIONS)
    assert gate.state is GateState.UNJUDGED
    assert gate.judged == "no git repository, so no move was compared"


@pytest.mark.parametrize(("strict", "expected"), [(False, Outcome.PASS), (True, Outcome.FAIL)])
def test_warnings_fail_only_a_strict_run(tmp_path: Path, strict: bool, expected: Outcome) -> None:
    report = run(tmp_path, UNEXPLAINED, options=Options(strict=strict))
    assert report.outcome is expected
    assert "PV-MTH-003" in {each.rule for each in report.findings}


def test_strict_test_binding_is_judged_only_when_asked_for(tmp_path: Path) -> None:
    text = SOUND + "falsification_tests: [ { id: F-1, test: look at it } ]\n"
    silent = run(tmp_path, text)
    asked = run(tmp_path, text, options=Options(strict_test_binding=True))
    assert states(silent)[GateName.STRICT_TEST_BINDING] is GateState.NOT_ASKED
    assert states(asked)[GateName.STRICT_TEST_BINDING] is GateState.FAILED
    assert "PV-VER-002" not in {each.rule for each in silent.findings}
    assert asked.bindings["prose"] == 1


def test_a_crashing_rule_is_named_and_silences_no_other(tmp_path: Path) -> None:
    def broken(contract: Contract, context: Context) -> Iterator[Finding]:
        yield from ()
        raise ZeroDivisionError(contract.id)

    crashing = replace(find_rule("PV-MTH-003"), id="PV-BAD-001", check=broken)
    report = run(tmp_path, UNEXPLAINED, rules=(crashing, *RULES))
    (crash,) = report.crashes
    assert report.outcome is Outcome.CRASHED
    assert isinstance(crash, RuleCrashError)
    assert str(crash) == (
        "rule PV-BAD-001 failed on contracts/c0-v1.yaml: ZeroDivisionError: c0-v1"
    )
    assert "PV-MTH-003" in {each.rule for each in report.findings}
    assert "PV-BAD-001" not in {each.rule for each in report.findings}


def test_a_lifecycle_that_cannot_be_read_is_told_and_hides_nothing_else(tmp_path: Path) -> None:
    (tmp_path / "schemas").mkdir()
    (tmp_path / "schemas" / "lifecycle.yaml").write_text("version: 7\n", encoding="utf-8")
    report = run(tmp_path, UNEXPLAINED.replace("kind:", "status: ACTIVE\n  kind:"))
    assert states(report)[GateName.ENFORCEMENT_LEVEL] is GateState.UNJUDGED
    assert states(report)[GateName.TRANSITIONS] is GateState.UNJUDGED
    assert "PV-MTH-003" in {each.rule for each in report.findings}
    assert GateState.PASSED in states(report).values()
    assert report.outcome is Outcome.NO_VERDICT


def test_findings_are_sorted_by_place(tmp_path: Path) -> None:
    findings = run(tmp_path, UNEXPLAINED, "metadata: { version: x }\n", UNEXPLAINED).findings
    assert len(findings) > 3
    assert list(findings) == sorted(findings, key=Finding.sort_key)
