"""Rules as JSON for programs: the facts and the page of each."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from pv import __version__
from pv.lint.page import parse_page
from pv.lint.rule import Rule
from pv.output.json import SCHEMA_VERSION


def rules_json(rules: Sequence[Rule]) -> str:
    """Return one document with all these rules, ASCII only."""
    data = {
        "schema_version": SCHEMA_VERSION,
        "tool_version": __version__,
        "rules": [_rule(rule) for rule in rules],
    }
    return json.dumps(data, indent=2) + "\n"


def _rule(rule: Rule) -> dict[str, Any]:
    page = parse_page(rule.page)
    return {
        "id": rule.id,
        "name": rule.name,
        "title": page.title,
        "since": rule.since,
        "severity": rule.severity.value,
        "gate": rule.gate.value,
        "fix": rule.fix.value,
        "page": {name.lower().replace(" ", "_"): text for name, text in page.parts},
    }
