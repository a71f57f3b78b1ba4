"""A registry in which every rule fires, and one in which none does."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from pv.lint.catalogue import all_rules
from pv.lint.engine import Outcome, Report, lint
from pv.lint.gates import GateState
from pv.lint.intake import take
from pv.lint.options import Options
from pv.lint.rule import GateName
from pv.lint.rules import RULES
from tests.unit.lint.rule_cases import GIT

CORPUS = Path(__file__).parents[2] / "corpus"
STRICTEST = Options(strict=True, strict_test_binding=True)


def _commit(folder: Path) -> None:
    for arguments in (
        ["init", "-q"],
        ["add", "-A"],
        ["-c", "user.name=a", "-c", "user.email=a@b", "commit", "-q", "-m", "base"],
    ):
        subprocess.run([GIT, "-C", str(folder), *arguments], check=True)


def _lint(folder: Path, options: Options, *paths: str) -> Report:
    intake = take([str(folder / path) for path in paths], folder)
    return lint(intake.root, intake.judged, options, shown=intake.asked)


@pytest.fixture
def negative(tmp_path: Path) -> Path:
    """Return the bad registry with the base revision that its moves are judged against."""
    shutil.copytree(CORPUS / "negative-before", tmp_path, dirs_exist_ok=True)
    _commit(tmp_path)
    shutil.rmtree(tmp_path / "contracts" / "evidence")  # the receipt that said no was deleted
    shutil.copytree(CORPUS / "negative", tmp_path, dirs_exist_ok=True)
    return tmp_path


def test_every_declared_rule_fires_and_every_fired_rule_is_declared(negative: Path) -> None:
    report = _lint(negative, Options(strict_test_binding=True))
    fired = {finding.rule for finding in report.findings}
    assert {rule.id for rule in RULES} - fired == set()
    assert fired - {rule.id for rule in all_rules()} == set()
    assert report.outcome is Outcome.FAIL
    assert not report.crashes


def test_counts_of_bindings_add_up(negative: Path) -> None:
    report = _lint(negative, Options(strict_test_binding=True))
    gate = next(each for each in report.gates if each.gate is GateName.STRICT_TEST_BINDING)
    assert sum(report.bindings.values()) == 10
    assert gate.judged == (
        "10 references: bound 2, dangling 1, shell 1, planned 3, blocked 1, prose 2"
    )


def test_the_strictest_run_over_a_sound_registry_has_no_finding() -> None:
    report = _lint(CORPUS / "positive", STRICTEST)
    assert report.findings == ()
    assert report.outcome is Outcome.PASS
    assert report.count(GateState.PASSED) >= 15


def test_a_file_has_the_same_findings_alone_in_its_folder_and_in_the_registry(
    negative: Path,
) -> None:
    options = Options(strict_test_binding=True)
    whole = _lint(negative, options)
    files = sorted((negative / "contracts").rglob("*.yaml"))
    assert len(files) >= 5
    for file in files:
        name = file.relative_to(negative).as_posix()
        among_all = [each for each in whole.findings if each.span.file == name]
        assert list(_lint(negative, options, name).findings) == among_all
    folder = _lint(negative, options, "contracts")
    assert folder.findings == tuple(
        each for each in whole.findings if each.span.file.endswith((".yaml", ".yml"))
    )


def test_a_bad_file_fails_itself_and_hides_nothing(negative: Path) -> None:
    before = _lint(negative, Options())
    (negative / "contracts" / "broken-v1.yaml").write_text("metadata: [\n", encoding="utf-8")
    after = _lint(negative, Options())
    added = [each for each in after.findings if each not in before.findings]
    assert {each.span.file for each in added} == {"contracts/broken-v1.yaml"}
    assert {each.rule[:6] for each in added} == {"PV-YML"}
    assert set(before.findings) < set(after.findings)
    states = {gate.gate: gate.state for gate in after.gates}
    assert states[GateName.VALIDATE] is GateState.FAILED
    assert states[GateName.SCORE] is GateState.PASSED


def test_findings_do_not_depend_on_the_order_of_files(negative: Path) -> None:
    intake = take([], negative)
    forwards = lint(intake.root, intake.judged, STRICTEST)
    backwards = lint(intake.root, intake.judged[::-1], STRICTEST)
    assert forwards == backwards
