"""How much of a contract can be run: the share of its test references that lead to a test."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from pv.bindings.interface import BindingClass, Located

RUNNABLE = frozenset({BindingClass.BOUND, BindingClass.IGNORED, BindingClass.SHELL})
"""Classes that name something which can be started."""
DECLARED = frozenset(
    {
        BindingClass.PLANNED,
        BindingClass.BLOCKED,
        BindingClass.MANUAL,
        BindingClass.EXTERNAL,
    }
)
"""Classes that say why nothing can be started here."""


class Coverage(NamedTuple):
    """References of one contract."""

    runnable: int
    declared: int
    total: int


def coverage_of(references: Sequence[Located]) -> Coverage:
    """Return how many references can be run, how many say why not, and how many there are."""
    runnable = declared = 0
    for each in references:
        found = each.resolution.binding_class
        runnable += found in RUNNABLE
        declared += found in DECLARED
    return Coverage(runnable, declared, len(references))
