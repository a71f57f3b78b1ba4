"""The rule behind every problem that reading and decoding can find: its id, weight and page.

An id is never reused. Syntax and file problems are the family PV-YML, faults of content PV-SCH.
"""

from collections.abc import Mapping
from typing import Final, NamedTuple, TypeAlias

from pv.model.verdict import Severity
from pv.yamlfile.problems import ProblemCode
from pv.yamlfile.schema_problems import SchemaCode
from pv.yamlfile.schema_rules import SCHEMA_RULES
from pv.yamlfile.yaml_rules import YAML_RULES

Code: TypeAlias = ProblemCode | SchemaCode


class RuleInfo(NamedTuple):
    """One rule as its page shows it."""

    id: str
    name: str
    """The bad thing, so that it reads well after "allow"."""
    severity: Severity
    what: str
    """What it finds."""
    why: str
    """Why it matters."""
    instead: str
    """What to write instead."""
    fix: str = ""
    """When it can be mended by itself; empty where it never can."""
    since: str = "0.1"

    @property
    def summary(self) -> str:
        """The first sentence of what it finds, for lists of rules."""
        return self.what.split(". ")[0].rstrip(".")


_FIXES: Final[Mapping[SchemaCode, str]] = {
    SchemaCode.MISSPELT_KEY: "Renames the key: safe for a slip that fits one known key alone, "
    "unsafe for the most similar one. None where the known key stands there too.",
    SchemaCode.ACCIDENTAL_MAPPING: "Safe: puts quotes around the sentence.",
    SchemaCode.BAD_DATE: "Safe where the year comes first, as in 2026/5/7; none otherwise.",
    SchemaCode.NUMBER_AS_TEXT: "Safe: removes the quotes.",
    SchemaCode.BAD_DIGEST: "Safe for a digest in upper case; none otherwise.",
    SchemaCode.UNKNOWN_WORD: "Unsafe: writes the nearest type of obligation.",
}


def _rules() -> dict[Code, RuleInfo]:
    rules: dict[Code, RuleInfo] = {
        code: RuleInfo(f"PV-YML-{number:03}", name, Severity.ERROR, what, why, instead)
        for code, number, name, what, why, instead in YAML_RULES
    }
    for schema_code, number, severity, what, why, instead in SCHEMA_RULES:
        name = schema_code.value
        fix = _FIXES.get(schema_code, "")
        rule = RuleInfo(f"PV-SCH-{number:03}", name, severity, what, why, instead, fix)
        rules[schema_code] = rule
    return rules


RULES: Final[Mapping[Code, RuleInfo]] = _rules()
"""Every code has exactly one rule."""
