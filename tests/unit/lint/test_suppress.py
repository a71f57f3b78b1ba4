"""Suppressions: where they hold, what they cannot do, and that every finding stays counted."""

from __future__ import annotations

from pathlib import Path

import pytest

from pv.lint.engine import Report, lint
from pv.lint.options import Options
from pv.model.verdict import Severity
from pv.output.interface import Outcome
from pv.output.judged import report_of
from pv.yamlfile.judge import judge_text
from tests.unit.lint.test_lint_command import pv

FILE = "contracts/a-v1.yaml"
REST = "kind: pattern, description: one, references: [ two ] }"


def run(text: str, options: Options | None = None) -> Report:
    return lint(Path("/nowhere"), [judge_text(text, FILE)], options)


def fired(report: Report) -> list[tuple[str, int]]:
    return [(one.rule, one.span.start.line) for one in report.findings]


def test_a_suppressed_finding_does_not_count_and_is_still_there() -> None:
    report = run(f'metadata: {{ version: "1.0", {REST} # pv: ignore PV-CHG-001 -- next release\n')
    assert fired(report) == []
    assert [one.rule for one in report.settled.suppressed] == ["PV-CHG-001"]


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("unkno: 1 # pv: ignore PV-SCH-003 -- r\n", []),
        ("# pv: ignore PV-SCH-003 -- r\nunkno: 1\n", []),
        ("# pv: ignore PV-SCH-003 -- r\n# other\n   # third\nunkno: 1\n", []),
        ("unkno: 1 # pv: ignore unknown-key -- by name\n", []),
        ("unkno: # pv: ignore PV-SCH-003 -- r\n  - 1\n", []),
        ("equations: # pv: ignore SCHEMA-004 -- an id of the Rust pv\n", []),
        ("unkno: 1 # pv: ignore SCHEMA-002 -- r\n", ["PV-SCH-003", "PV-SUP-002"]),
        ("unkno: | # pv: ignore PV-SCH-003 -- r\n  text\n", []),
        ("unkno: 1 # why # pv: ignore PV-SCH-003 -- r\n", []),
        ("unkno: |\n  text\n# pv: ignore PV-SCH-003 -- r\nunkna: 1\n", ["PV-SCH-003"]),
        ("unkno: '# pv: ignore PV-SCH-003 -- r'\n", ["PV-SCH-003"]),
        ('unkno: "a\n  # pv: ignore PV-SCH-003 -- r"\n', ["PV-SCH-003"]),
        ("unkno: |\n  # pv: ignore PV-SCH-003 -- r\n", ["PV-SCH-003"]),
        ("# pv: ignore PV-SCH-003 -- r\n\nunkno: 1\n", ["PV-SCH-003", "PV-SUP-002"]),
        ("unkno: 1\n# pv: ignore PV-SCH-003 -- r\n", ["PV-SCH-003", "PV-SUP-002"]),
        ("unkno: 1 # pv: ignore PV-SCH-003 --\n", ["PV-SCH-003", "PV-SUP-001"]),
        ("unkno: 1 # pv: ignore PV-SCH-003\n", ["PV-SCH-003", "PV-SUP-001"]),
        ("unkno: 1 # pv: ignore\n", ["PV-SCH-003", "PV-SUP-001", "PV-SUP-001"]),
        ("unkno: 1 # pv: ignored PV-SCH-003 -- r\n", ["PV-SCH-003", "PV-SUP-001"]),
        ("unkno: 1#pv:ignore PV-SCH-003 -- r\n", ["PV-SCH-003"]),
    ],
)
def test_where_a_suppression_holds(text: str, left: list[str]) -> None:
    report = run(f"metadata: {{ version: 1.0.0, {REST}\n{text}")
    assert sorted(one.rule for one in report.findings) == left


def test_faults_of_yaml_and_of_suppressions_always_count() -> None:
    text = f"metadata: {{ version: 1.0.0, {REST}\nx-a: 1\nx-a: 2 # pv: ignore PV-YML-018 -- r\n"
    rules = [one.rule for one in judge_text(text, FILE).findings]
    assert len(rules) == 1
    report = run(text.replace("PV-YML-018", rules[0]))
    assert {one.rule for one in report.findings} == {rules[0], "PV-SUP-001"}


def test_a_rule_that_was_not_asked_for_cannot_be_unused() -> None:
    text = f"metadata: {{ version: 1.0.0, {REST} # pv: ignore PV-VER-002 -- r\n"
    assert fired(run(text)) == []
    asked = Options(strict_test_binding=True)
    assert fired(run(text, asked)) == [("PV-SUP-002", 1)]


def test_configured_severities_and_ignored_rules() -> None:
    text = f'metadata: {{ version: "1.0", {REST}\nunkno: 1\n'
    options = Options(ignored=("PV-CHG-001",), severities={"PV-SCH-003": Severity.ERROR})
    report = run(text, options)
    assert [(one.rule, one.severity) for one in report.findings] == [("PV-SCH-003", Severity.ERROR)]
    assert [one.rule for one in report.settled.ignored] == ["PV-CHG-001"]


def test_validate_holds_to_suppressions_too() -> None:
    text = f"metadata: {{ version: 1.0.0, {REST}\nstages: 1 # pv: ignore PV-SCH-004 -- r\n"
    judged = judge_text(text, FILE)
    rule = judged.findings[0].rule
    report = report_of([judge_text(text.replace("PV-SCH-004", rule), FILE)])
    assert report.outcome is Outcome.PASS
    assert report.summary == "1 file · 0 errors · 0 warnings · 1 suppressed · PASS"


def test_the_last_line_counts_what_is_set_aside(tmp_path: Path) -> None:
    (tmp_path / "contracts").mkdir()
    text = f'metadata: {{ version: "1.0", {REST} # pv: ignore PV-CHG-001 -- next release\n'
    (tmp_path / "contracts" / "a-v1.yaml").write_text(text)
    done = pv("lint", folder=tmp_path)
    assert " · 0 errors · 0 warnings · 1 suppressed" in done.stdout.splitlines()[-1]
    again = pv("lint", folder=tmp_path)
    assert (again.stdout, again.returncode) == (done.stdout, 0)


def test_fix_and_diff_as_a_user_runs_them(tmp_path: Path) -> None:
    (tmp_path / "contracts").mkdir()
    path = tmp_path / "contracts" / "a-v1.yaml"
    before = (
        f'metadata: {{ version: "1.0", depends_on: [ a-v2 ], {REST} # kept\n'
        "x-a: 1 # pv: ignore PV-CHG-001\n"
    )
    path.write_text(before)
    shown = pv("lint", "--diff", folder=tmp_path)
    assert (shown.returncode, path.read_text()) == (1, before)
    assert shown.stdout.startswith("--- a/contracts/a-v1.yaml\n+++ b/contracts/a-v1.yaml\n@@ ")
    assert shown.stderr.startswith("would fix 1 in 1 file · ")
    done = pv("lint", "--fix", folder=tmp_path)
    assert done.returncode == 1
    assert done.stderr == "fixed 1 in 1 file · 2 remaining · 1 of them with --unsafe-fixes\n"
    assert path.read_text() == before.replace('"1.0"', '"1.0.0"')
    more = pv("lint", "--fix", "--unsafe-fixes", "contracts/a-v1.yaml", folder=tmp_path)
    assert more.stderr.startswith("fixed 1 in 1 file · ")
    assert "depends_on: [ a-v1 ]" in path.read_text()
    assert pv("lint", "--diff", folder=tmp_path).returncode == 0
    alone = pv("lint", "--unsafe-fixes", folder=tmp_path)
    assert (alone.returncode, alone.stdout) == (2, "")
    path.unlink()
    assert pv("lint", "--diff", folder=tmp_path).returncode == 3
