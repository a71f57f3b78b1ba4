"""Rules for programs: `pv rule --all --format json`, and what the command refuses."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from pv import __version__
from pv.lint.catalogue import all_rules
from pv.lint.page import CODED, parse_page, text_page
from pv.lint.rule import FixKind, GateName, Rule
from pv.model.verdict import Severity
from pv.output.rule_json import rules_json

_ROOT = Path(__file__).parents[3]
_PAGE = (
    "Bad thing.\n\nWhat it finds\n    A thing →\n    of two lines.\n"
    "Why it matters\n    It is bad.\nExample\n    bad: 1\nInstead\n    good: 1\nFix\n    None.\n"
)
_RULE = Rule(
    "PV-TST-001", "bad-thing", "0.1", Severity.WARNING, GateName.AUDIT, FixKind.NEVER, _PAGE
)


def pv(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "pv", "rule", *arguments],
        cwd=_ROOT,
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_whole_document() -> None:
    text = rules_json([_RULE])
    assert text.isascii()
    assert json.loads(text) == {
        "schema_version": "1.1",
        "tool_version": __version__,
        "rules": [
            {
                "id": "PV-TST-001",
                "name": "bad-thing",
                "title": "Bad thing",
                "since": "0.1",
                "severity": "warning",
                "gate": "audit",
                "fix": "never",
                "page": {
                    "what_it_finds": "A thing →\nof two lines.",
                    "why_it_matters": "It is bad.",
                    "example": "bad: 1",
                    "instead": "good: 1",
                    "fix": "None.",
                },
            }
        ],
    }


def test_all_rules_for_programs_and_for_people() -> None:
    rules = all_rules()
    done = pv("--all", "--format", "json")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == rules_json(rules)
    listed = [(one["id"], one["title"]) for one in json.loads(done.stdout)["rules"]]
    assert listed == [(rule.id, parse_page(rule.page).title) for rule in rules]
    text = pv("--all").stdout
    assert text == "\n\n".join(text_page(rule) for rule in rules)


def test_one_rule_for_programs() -> None:
    found = json.loads(pv("duplicate-stem", "-f", "json").stdout)["rules"]
    assert [one["id"] for one in found] == ["PV-IDS-003"]


@pytest.mark.parametrize(
    "arguments", [[], ["--all", "--list"], ["PV-IDS-003", "--all"], ["--all", "-f", "yaml"]]
)
def test_what_cannot_be_carried_out_is_exit_2(arguments: list[str]) -> None:
    done = pv(*arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("rule", all_rules(), ids=lambda rule: rule.id)
def test_the_words_of_a_page_fit_into_80_columns(rule: Rule) -> None:
    parts = parse_page(rule.page).parts
    coded = {line.strip() for name, text in parts if name in CODED for line in text.splitlines()}
    wide = [line for line in text_page(rule).splitlines() if len(line) > 80]
    assert [line for line in wide if line.strip() not in coded] == []
