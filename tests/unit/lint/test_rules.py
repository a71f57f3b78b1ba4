"""Every rule against its case file, and the rules as a whole."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from pv.lint.catalogue import all_rules, find_rule
from pv.lint.gates import GATES
from pv.lint.page import PARTS, parse_page, text_page
from pv.lint.rule import GATE_ABOUT, FixKind, GateName, Rule
from pv.lint.rules import RULES
from pv.lint.rules.__main__ import main
from pv.model.verdict import Severity
from tests.unit.lint.rule_cases import ALONE, fix_case, run_case

CASES = Path(__file__).parents[2] / "rules"
SOURCES = Path(__file__).parents[3] / "pv" / "lint" / "rules"
DECLARED = {rule.id: rule for rule in RULES}
FILES = {
    str(content["rule"]): content["cases"]
    for path in sorted(CASES.glob("*.yaml"))
    if (content := yaml.safe_load(path.read_text(encoding="utf-8")))
}
ROWS = [
    pytest.param(DECLARED[rule], case, id=f"{rule}: {case['name']}")
    for rule, cases in FILES.items()
    for case in cases
]


@pytest.mark.parametrize(("rule", "case"), ROWS)
def test_a_case_gives_exactly_its_findings(
    rule: Rule, case: dict[str, Any], tmp_path: Path
) -> None:
    assert run_case(rule, case, tmp_path) == case["expect"]


@pytest.mark.parametrize(("rule", "case"), ROWS)
def test_fixes_give_exactly_the_fixed_text_and_leave_the_rule_silent(
    rule: Rule, case: dict[str, Any], tmp_path: Path
) -> None:
    fixed = case.get("fixed", {})
    texts, mended = fix_case(rule, case, tmp_path)
    assert texts == ({ALONE: fixed} if isinstance(fixed, str) else fixed)
    assert mended.converged
    left = [each.message for each in mended.report.findings if each.rule == rule.id]
    if texts:
        assert left == case.get("left", [])


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_a_rule_declares_a_fix_exactly_where_a_case_shows_one(rule: Rule) -> None:
    shown = any("fixed" in case for case in FILES.get(rule.id, ()))
    assert shown == (rule.fix is not FixKind.NEVER)
    assert (parse_page(rule.page).parts[-1][1][:4] == "None") == (rule.fix is FixKind.NEVER)


def test_every_rule_has_a_case_that_fires_and_one_that_does_not() -> None:
    assert set(FILES) == set(DECLARED)
    for rule, cases in FILES.items():
        assert any(case["expect"] for case in cases), f"{rule} never fires"
        assert any(not case["expect"] for case in cases), f"{rule} always fires"
        names = [case["name"] for case in cases]
        assert len(set(names)) == len(names), rule


def test_case_files_are_named_after_their_rules() -> None:
    assert {path.stem for path in CASES.iterdir()} == {rule.lower() for rule in DECLARED}


def test_every_rule_file_is_listed_and_named_after_its_rule() -> None:
    found = {path.stem for path in SOURCES.glob("pv_*.py")}
    wanted = {f"{rule.id}-{rule.name}".lower().replace("-", "_") for rule in RULES}
    assert found == wanted
    assert [rule.id for rule in RULES] == sorted(DECLARED)


@pytest.mark.parametrize("rule", all_rules(), ids=lambda rule: rule.id)
def test_ids_and_names_follow_one_convention(rule: Rule) -> None:
    assert re.fullmatch(r"PV-[A-Z]{3}-\d{3}", rule.id)
    assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", rule.name)
    # A name is the bad thing: it reads well after "allow", and does not say what to do.
    assert not re.match(r"(no|disallow|forbid|require|must|check|ensure|should)-", rule.name)
    assert text_page(rule).startswith(f"{rule.id}  {rule.name}\n")


def test_ids_and_names_are_unique() -> None:
    rules = all_rules()
    assert len({rule.id for rule in rules}) == len(rules)
    assert len({rule.name for rule in rules}) == len(rules)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_a_page_has_all_parts_in_order_and_its_rule_one_check(rule: Rule) -> None:
    assert tuple(name for name, _ in parse_page(rule.page).parts) == PARTS
    assert (rule.check is None) != (rule.check_registry is None)


@pytest.mark.parametrize(
    "text",
    ["", "Title.\n\nWhat it finds\n    x", "T.\n\nFix\n    x\nWhat it finds\n    y"],
)
def test_a_page_without_its_parts_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="expected What it finds"):
        parse_page(text)


def test_messages_are_lower_case_without_full_stop() -> None:
    found = [
        (rule, finding["message"], finding["advice"])
        for rule, cases in FILES.items()
        for case in cases
        for finding in case["expect"]
    ]
    assert len(found) >= 80
    for rule, message, advice in found:
        assert not message.endswith("."), (rule, message)
        assert advice, (rule, message)
        assert len(message) <= 240, (rule, message)


def test_every_gate_counts_and_all_but_the_form_have_rules() -> None:
    assert list(GATES) == list(GATE_ABOUT) == list(GateName)
    assert {rule.gate for rule in RULES} == set(GateName) - {GateName.VALIDATE}
    assert {rule.gate for rule in all_rules()} == set(GateName)


@pytest.mark.parametrize(
    "name", ["PV-VER-002", "pv-ver-002", " unresolved-test ", "Unresolved-Test"]
)
def test_a_rule_is_found_by_id_and_name(name: str) -> None:
    assert find_rule(name).id == "PV-VER-002"


def test_the_document_is_what_the_rules_say() -> None:
    assert main(["--check"]) == 0
    assert main([]) == 2


def test_only_known_severities_stand_in_rules() -> None:
    assert {rule.severity for rule in RULES} == {Severity.ERROR, Severity.WARNING}
