"""The gates: what each family of rules judged in this run, counted, so that nothing is a pass.

A gate with nothing to judge says so and does not count as passed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import NamedTuple, TypeAlias

from pv.bindings.interface import BindingClass
from pv.lint.context import Context
from pv.lint.coverage import coverage_of
from pv.lint.repository import evidence_folders, harness_files, kernel_operations
from pv.lint.rule import GateName
from pv.model.contract import BindingKind, Contract


class Scope(NamedTuple):
    """What is shown: how many files were asked for, how many contracts they hold."""

    files: int
    contracts: int
    context: Context


class Count(NamedTuple):
    """What a gate judged: `number` things, in words; `unjudged` says why it judged nothing."""

    number: int
    words: str
    unjudged: str = ""


Sums: TypeAlias = tuple[int, ...]
"""Counts of one contract, or of several added up, column by column."""


class Gate(NamedTuple):
    """How a gate counts: contract by contract, so that counts can be kept and added up."""

    width: int
    """Columns of the counts."""
    of: Callable[[Contract, Context], Sums]
    """The counts of one contract."""
    total: Callable[[Sums, Scope], Count]
    """What the sums of all contracts say."""


class GateState(StrEnum):
    """How a gate ended."""

    PASSED = "pass"
    FAILED = "FAIL"
    NOTHING = "nothing to judge"
    UNJUDGED = "not judged"
    NOT_ASKED = "not asked for"


_PLURALS = {"criterion": "criteria", "status": "statuses", "summary": "summaries"}


def _many(number: int, noun: str) -> str:
    """Return a number with its noun; the last word of the noun takes the plural."""
    first, blank, last = noun.rpartition(" ")
    plural = _PLURALS.get(last) or (f"{last[:-1]}ies" if last.endswith("ry") else f"{last}s")
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {first}{blank}{plural}"


def _listed(*counted: tuple[int, str]) -> Count:
    """Return the sum of several counts and one line of words for them."""
    words = ", ".join(_many(number, noun) for number, noun in counted)
    return Count(sum(number for number, _ in counted), words)


def _named(*nouns: str) -> Callable[[Sums, Scope], Count]:
    """Return a total that is nothing but the sums, each with its noun."""
    return lambda sums, scope: _listed(*zip(sums, nouns, strict=True))


def _score_of(contract: Contract, context: Context) -> Sums:
    coverage = coverage_of(context.references_of(contract))
    return (int(coverage.total > 0), coverage.runnable, coverage.total)


def _score(sums: Sums, scope: Scope) -> Count:
    scored, runnable, total = sums
    words = f"{_many(scored, 'contract')}, {runnable} of {total} references can be run"
    return Count(scored, words if scored else "")


def _verify_of(contract: Contract, context: Context) -> Sums:
    kinds = [falsifier.binding.kind for falsifier in contract.falsifiers]
    harnesses = kinds.count(BindingKind.HARNESS) + kinds.count(BindingKind.PYTEST)
    return (harnesses, sum(len(falsifier.beside) for falsifier in contract.falsifiers))


def _levels_of(contract: Contract, context: Context) -> Sums:
    return (
        int(contract.status is not None),
        sum(each.status is not None for each in contract.falsifiers),
        sum(each.status is not None for each in contract.stages),
        sum(each.verdict is not None for each in contract.hypotheses),
    )


def _levels(sums: Sums, scope: Scope) -> Count:
    if scope.context.lifecycle_problem:
        return Count(0, "", scope.context.lifecycle_problem)
    return _named("contract status", "claim", "stage", "verdict")(sums, scope)


def _reverse(sums: Sums, scope: Scope) -> Count:
    return _listed(
        (len(harness_files(scope.context.root)), "harness file"),
        (len(kernel_operations(scope.context.root)), "kernel"),
    )


def _transitions_of(contract: Contract, context: Context) -> Sums:
    before = None if context.lifecycle_problem else context.before(contract)
    return (int(contract.status is not None), int(before is not None))


def _transitions(sums: Sums, scope: Scope) -> Count:
    context = scope.context
    if context.lifecycle_problem:
        return Count(0, "", context.lifecycle_problem)
    if context.past.problem:
        return Count(0, "", f"{context.past.problem}, so no move was compared")
    stated, compared = sums
    new = scope.contracts - compared
    against = f"{_many(compared, 'contract')} against {context.past.base.name}"
    words = f"{_many(stated, 'status')}, {against}" + (f" ({new} new)" if new else "")
    return Count(stated + compared, words)


def _history_of(contract: Contract, context: Context) -> Sums:
    difference = context.past.difference(contract)
    return (0, 0) if difference is None else (1, len(difference.changes))


def _history(sums: Sums, scope: Scope) -> Count:
    context, (compared, changes) = scope.context, sums
    if context.past.problem:
        return Count(0, "", f"{context.past.problem}, so no change was judged")
    base = context.past.base
    words = f"{_many(compared, 'contract')} against {base.name}, {_many(changes, 'change')}"
    return Count(compared, f"{words}; {base.note}" if base.note else words)


def _references_of(contract: Contract, context: Context) -> Sums:
    return (
        sum(len((*f.decides, *f.unblocks, *f.proxy_for)) for f in contract.falsifiers),
        sum(len(stage.gates) for stage in contract.stages),
        sum(bool(each.applies_to) for each in contract.obligations),
    )


def _methodology_of(contract: Contract, context: Context) -> Sums:
    return (
        sum(len(falsifier.expect) for falsifier in contract.falsifiers),
        sum(each.tolerance is not None for each in contract.obligations),
    )


def _evidence(sums: Sums, scope: Scope) -> Count:
    folders = evidence_folders(scope.context.root)
    return _listed((sums[0], "live falsifier"), (len(folders), "evidence folder"))


def _ship_of(contract: Contract, context: Context) -> Sums:
    models = contract.ship_models
    return (len(models), sum(len(model.criteria) for model in models))


def _classes_of(contract: Contract, context: Context) -> Sums:
    """Return how many references ended in each class; the counts add up to all references."""
    located = context.references_of(contract)
    counts = Counter(each.resolution.binding_class for each in located)
    if sum(counts.values()) != len(located) or set(counts) - set(BindingClass):
        raise ValueError(f"{sum(counts.values())} classes counted for {len(located)} references")
    return tuple(counts[name] for name in BindingClass)


def _strict(sums: Sums, scope: Scope) -> Count:
    total = sum(sums)
    pairs = zip(BindingClass, sums, strict=True)
    parts = ", ".join(f"{name} {number}" for name, number in pairs if number)
    return Count(total, f"{_many(total, 'reference')}: {parts}" if total else "")


GATES: Mapping[GateName, Gate] = {
    GateName.VALIDATE: Gate(
        0, lambda contract, context: (), lambda sums, scope: _listed((scope.files, "file"))
    ),
    GateName.AUDIT: Gate(
        3,
        lambda one, context: (len(one.equations), len(one.obligations), len(one.falsifiers)),
        _named("equation", "obligation", "falsifier"),
    ),
    GateName.SCORE: Gate(3, _score_of, _score),
    GateName.VERIFY: Gate(2, _verify_of, _named("harness reference", "companion")),
    GateName.ENFORCE: Gate(
        2,
        lambda one, context: (sum(len(f.expect) for f in one.falsifiers), len(one.equations)),
        _named("limit", "equation"),
    ),
    GateName.ENFORCEMENT_LEVEL: Gate(4, _levels_of, _levels),
    GateName.REVERSE_COVERAGE: Gate(0, lambda contract, context: (), _reverse),
    GateName.DUPLICATE_STEMS: Gate(
        2, lambda one, context: (1, len(one.falsifiers)), _named("contract", "falsifier id")
    ),
    GateName.COMPOSITION: Gate(
        1, lambda one, context: (len(one.depends_on),), _named("dependency entry")
    ),
    GateName.VERSIONS: Gate(
        2,
        lambda one, context: (int(one.version is not None), len(one.changelog)),
        _named("version", "changelog entry"),
    ),
    GateName.TRANSITIONS: Gate(2, _transitions_of, _transitions),
    GateName.HISTORY: Gate(2, _history_of, _history),
    GateName.REFERENCES: Gate(3, _references_of, _named("name", "stage gate", "obligation")),
    GateName.ARITHMETIC: Gate(
        2,
        lambda one, context: (int("verification_summary" in one.data), 1),
        _named("summary", "description"),
    ),
    GateName.METHODOLOGY: Gate(2, _methodology_of, _named("limit", "tolerance")),
    GateName.EVIDENCE: Gate(
        1, lambda one, context: (sum(each.live for each in one.falsifiers),), _evidence
    ),
    GateName.SHIP: Gate(2, _ship_of, _named("model", "criterion")),
    GateName.STRICT_TEST_BINDING: Gate(len(BindingClass), _classes_of, _strict),
}
"""Every gate with how it counts what it judged, in the order in which they are shown."""
