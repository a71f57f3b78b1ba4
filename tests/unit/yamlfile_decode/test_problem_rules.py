"""Every problem has one rule, and every rule a page."""

from __future__ import annotations

import re

import pytest

from pv.model.verdict import Severity
from pv.yamlfile.codes import RULES, Code, RuleInfo
from pv.yamlfile.problems import ProblemCode
from pv.yamlfile.schema_problems import SchemaCode


def test_every_code_has_one_rule_and_no_id_is_used_twice() -> None:
    assert set(RULES) == {*ProblemCode, *SchemaCode}
    ids = [rule.id for rule in RULES.values()]
    assert len(set(ids)) == len(ids)
    names = [rule.name for rule in RULES.values()]
    assert len(set(names)) == len(names)


@pytest.mark.parametrize(
    ("code", "id", "severity"),
    [
        (ProblemCode.SYNTAX, "PV-YML-001", Severity.ERROR),
        (ProblemCode.DUPLICATE_KEY, "PV-YML-003", Severity.ERROR),
        (ProblemCode.EMPTY, "PV-YML-019", Severity.ERROR),
        (ProblemCode.LINE_BREAK, "PV-YML-029", Severity.ERROR),
        (SchemaCode.NOT_A_CONTRACT, "PV-SCH-001", Severity.ERROR),
        (SchemaCode.MISSPELT_KEY, "PV-SCH-002", Severity.ERROR),
        (SchemaCode.UNKNOWN_KEY, "PV-SCH-003", Severity.WARNING),
        (SchemaCode.INCOMPLETE_FALSIFIER, "PV-SCH-015", Severity.WARNING),
        (SchemaCode.KIND_LACKS_KEY, "PV-SCH-017", Severity.ERROR),
        (SchemaCode.DEFAULT_KIND_LACKS_KEY, "PV-SCH-018", Severity.WARNING),
        (SchemaCode.UNREAD_CHANGELOG, "PV-SCH-019", Severity.ERROR),
    ],
)
def test_ids_stay_what_they_are(code: Code, id: str, severity: Severity) -> None:  # noqa: A002 - as the field
    assert (RULES[code].id, RULES[code].severity) == (id, severity)


@pytest.mark.parametrize("rule", RULES.values(), ids=lambda rule: rule.id)
def test_a_page_says_what_why_and_what_instead(rule: RuleInfo) -> None:
    family = "YML" if any(RULES[code] is rule for code in ProblemCode) else "SCH"
    assert re.fullmatch(rf"PV-{family}-\d{{3}}", rule.id)
    assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", rule.name)
    assert not rule.name.startswith(("no-", "disallow-", "require-"))
    for text in (rule.what, rule.why, rule.instead):
        assert text[0].isupper()
        assert len(text) > 8
    assert rule.summary
    assert not rule.summary.endswith(".")
