"""The shape of a reader: how one family of contract files is recognised and read."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple, TypeAlias

from pv.model.contract import Dialect, Falsifier
from pv.yamlfile.check import Checker
from pv.yamlfile.checked import Checked
from pv.yamlfile.records import falsifier
from pv.yamlfile.shapes import Key, Section, section

Data: TypeAlias = dict[str, Any]
"""A document as plain data."""


def read_falsifiers(checker: Checker, contract: Checked) -> tuple[Falsifier, ...]:
    """Return the falsifiers of the target form."""
    items = contract.items("falsification_tests")
    return tuple(falsifier(checker, item) for item in items if "id" in item)


class Reader(NamedTuple):
    """One family of contract files."""

    dialect: Dialect
    claims: Callable[[Data], bool]
    """Tells from its shape whether a document belongs to the family."""
    section: Section
    """The keys at its top."""
    falsifiers: Callable[[Checker, Checked], tuple[Falsifier, ...]] = read_falsifiers
    has_kind: bool = False
    """Whether the demands of a kind apply to it."""


def extended(base: Section, *keys: Key, optional: tuple[str, ...] = ()) -> Section:
    """Return a section with more keys, the named ones no longer required."""
    old = (
        Key(key.name, key.shape, key.help, key.section, False, key.since, key.means)
        if key.name in optional
        else key
        for key in base.keys.values()
    )
    made = section(base.name, base.noun, *old, *keys, labels=base.labels)
    return Section(made.name, made.noun, made.keys, base.patterns, base.labels)
