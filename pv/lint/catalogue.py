"""Every rule there is, with its page: those over contracts and those about the form of a file."""

from __future__ import annotations

from pv.errors import UsageError
from pv.lint.rule import FixKind, GateName, Rule
from pv.lint.rules import RULES
from pv.yamlfile.codes import RULES as FORM_RULES
from pv.yamlfile.codes import RuleInfo
from pv.yamlfile.shapes import nearest


def all_rules() -> tuple[Rule, ...]:
    """Return all rules in the order of their ids."""
    return tuple(sorted((*RULES, *map(_form_rule, FORM_RULES.values())), key=lambda one: one.id))


def find_rule(name: str) -> Rule:
    """Return the rule of an id or a name; raises UsageError with the nearest one."""
    wanted = name.strip().casefold()
    rules = all_rules()
    for rule in rules:
        if wanted in {rule.id.casefold(), rule.name.casefold()}:
            return rule
    meant = nearest(wanted, (*(rule.id for rule in rules), *(rule.name for rule in rules)))
    advice = f"did you mean {meant}?" if meant else "pv rule --list shows all of them"
    raise UsageError(f"no rule {name!r}, expected an id or a name", advice=advice)


def _form_rule(info: RuleInfo) -> Rule:
    """Return a rule of the reader in the shape of the others; its check is the reading itself."""
    page = "\n".join(
        (
            f"{info.name.replace('-', ' ').capitalize()}.",
            "",
            f"What it finds\n    {info.what}",
            f"Why it matters\n    {info.why}",
            f"Instead\n    {info.instead}",
            f"Fix\n    {info.fix or 'None.'}",
        )
    )
    fix = FixKind.SOMETIMES if info.fix else FixKind.NEVER
    return Rule(info.id, info.name, info.since, info.severity, GateName.VALIDATE, fix, page)
