"""Every rule there is, with its page: those over contracts and those about the form of a file."""

from __future__ import annotations

from collections.abc import Iterable
from textwrap import indent, wrap

from pv.errors import UsageError
from pv.lint.aliases import find_alias
from pv.lint.options import Options
from pv.lint.page import WIDTH
from pv.lint.rule import FixKind, GateName, Rule
from pv.lint.rules import RULES
from pv.yamlfile.codes import RULES as RULES_OF_FORM
from pv.yamlfile.codes import Code
from pv.yamlfile.examples import EXAMPLES
from pv.yamlfile.shapes import nearest


def all_rules() -> tuple[Rule, ...]:
    """Return all rules in the order of their ids."""
    return tuple(sorted((*RULES, *map(_form_rule, RULES_OF_FORM)), key=lambda one: one.id))


def find_rule(name: str) -> Rule:
    """Return the rule of an id or a name, ours first, then the nearest one for a foreign id.

    Raises UsageError with the nearest name, or with the reason why there is no rule for it.
    """
    return find_rules(name)[0][0]


def find_rules(name: str) -> tuple[tuple[Rule, ...], str]:
    """Return the rules of an id or a name, and a remark where the id is one of the Rust pv.

    Raises UsageError as `find_rule`.
    """
    wanted = name.strip().casefold()
    rules = all_rules()
    for rule in rules:
        if wanted in {rule.id.casefold(), rule.name.casefold()}:
            return (rule,), ""
    if (alias := find_alias(name)) is not None:
        if not alias.ours:
            raise UsageError(
                f"{alias.id} of the Rust pv ({alias.fires}) has no rule here",
                advice=alias.note or "docs/rust-rules.md has the whole table",
            )
        by_id = {rule.id: rule for rule in rules}
        remark = f"{alias.id} of the Rust pv ({alias.fires}) is {', '.join(alias.ours)} here"
        return tuple(by_id[each] for each in alias.ours), remark
    meant = nearest(wanted, (*(rule.id for rule in rules), *(rule.name for rule in rules)))
    advice = f"did you mean {meant}?" if meant else "pv rule --list shows all of them"
    raise UsageError(f"no rule {name!r}, expected an id or a name", advice=advice)


def ids_of(name: str) -> tuple[str, ...]:
    """Return the ids of the rules that a name stands for; raises UsageError as `find_rule`."""
    return tuple(rule.id for rule in find_rules(name)[0])


def select(words: Iterable[str]) -> frozenset[str]:
    """Return the ids of the rules that words name: an id, a name, or a family such as PV-VER.

    Raises UsageError as `find_rule`.
    """
    every = [rule.id for rule in all_rules()]
    found: set[str] = set()
    for word in words:
        family = word.strip().upper().rstrip("-")
        found.update(rule for rule in every if rule.rpartition("-")[0] == family)
        if family not in {rule.rpartition("-")[0] for rule in every}:
            found.update(ids_of(word))
    return frozenset(found)


def is_judged(rule: str, options: Options) -> bool:
    """Tell whether a run judges what a rule is about; of an unknown one nothing is left to find."""
    try:
        gate = find_rule(rule).gate
    except UsageError:
        return True
    asked = options.strict_test_binding or gate is not GateName.STRICT_TEST_BINDING
    return asked and rule not in options.ignored and options.asks(rule)


def _form_rule(code: Code) -> Rule:
    """Return a rule of the reader in the shape of the others; its check is the reading itself."""
    info, example = RULES_OF_FORM[code], EXAMPLES[code]
    advice = wrap(info.instead, WIDTH, initial_indent="# ", subsequent_indent="# ")
    bodies = {
        "What it finds": "\n".join(wrap(info.what, WIDTH)),
        "Why it matters": "\n".join(wrap(info.why, WIDTH)),
        "Example": example.wrong,
        "Instead": "\n".join((*advice, example.right)),
        "Fix": "\n".join(wrap(info.fix or "None.", WIDTH)),
    }
    parts = (f"{name}\n{indent(body, '    ')}" for name, body in bodies.items())
    page = "\n".join((f"{info.name.replace('-', ' ').capitalize()}.", "", *parts))
    fix = FixKind.SOMETIMES if info.fix else FixKind.NEVER
    return Rule(info.id, info.name, info.since, info.severity, GateName.VALIDATE, fix, page)
