"""The gates: what each family of rules judged in this run, counted, so that nothing is a pass.

A gate with nothing to judge says so and does not count as passed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from enum import StrEnum
from typing import NamedTuple

from pv.bindings.interface import BindingClass
from pv.lint.context import Context
from pv.lint.coverage import coverage_of, mean_coverage
from pv.lint.repository import evidence_folders, harness_files, kernel_operations
from pv.lint.rule import GateName
from pv.model.contract import BindingKind, Contract


class Scope(NamedTuple):
    """The contracts whose findings are shown, and how many files were asked for."""

    files: int
    contracts: Sequence[Contract]
    context: Context


class Count(NamedTuple):
    """What a gate judged: `number` things, in words; `unjudged` says why it judged nothing."""

    number: int
    words: str
    unjudged: str = ""


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


def _total(scope: Scope, field: Callable[[Contract], Sequence[object]]) -> int:
    return sum(len(field(contract)) for contract in scope.contracts)


def _validate(scope: Scope) -> Count:
    return _listed((scope.files, "file"))


def _audit(scope: Scope) -> Count:
    return _listed(
        (_total(scope, lambda one: one.equations), "equation"),
        (_total(scope, lambda one: one.obligations), "obligation"),
        (_total(scope, lambda one: one.falsifiers), "falsifier"),
    )


def _score(scope: Scope) -> Count:
    scored = [
        coverage
        for contract in scope.contracts
        if (coverage := coverage_of(scope.context.references_of(contract))).total
    ]
    if not scored:
        return Count(0, "")
    covered, total = mean_coverage(scored)
    words = f"{_many(len(scored), 'contract')}, {covered} of {total} references can be run"
    return Count(len(scored), words)


def _verify(scope: Scope) -> Count:
    kinds = [f.binding.kind for contract in scope.contracts for f in contract.falsifiers]
    return _listed(
        (kinds.count(BindingKind.HARNESS) + kinds.count(BindingKind.PYTEST), "harness reference"),
        (sum(len(f.beside) for one in scope.contracts for f in one.falsifiers), "companion"),
    )


def _enforce(scope: Scope) -> Count:
    return _listed(
        (sum(len(f.expect) for one in scope.contracts for f in one.falsifiers), "limit"),
        (_total(scope, lambda one: one.equations), "equation"),
    )


def _levels(scope: Scope) -> Count:
    if scope.context.lifecycle_problem:
        return Count(0, "", scope.context.lifecycle_problem)
    return _listed(
        (sum(one.status is not None for one in scope.contracts), "contract status"),
        (sum(f.status is not None for one in scope.contracts for f in one.falsifiers), "claim"),
        (sum(s.status is not None for one in scope.contracts for s in one.stages), "stage"),
        (sum(h.verdict is not None for one in scope.contracts for h in one.hypotheses), "verdict"),
    )


def _reverse(scope: Scope) -> Count:
    return _listed(
        (len(harness_files(scope.context.root)), "harness file"),
        (len(kernel_operations(scope.context.root)), "kernel"),
    )


def _stems(scope: Scope) -> Count:
    return _listed(
        (len(scope.contracts), "contract"),
        (_total(scope, lambda one: one.falsifiers), "falsifier id"),
    )


def _composition(scope: Scope) -> Count:
    return _listed((_total(scope, lambda one: one.depends_on), "dependency entry"))


def _versions(scope: Scope) -> Count:
    return _listed(
        (sum(one.version is not None for one in scope.contracts), "version"),
        (_total(scope, lambda one: one.changelog), "changelog entry"),
    )


def _transitions(scope: Scope) -> Count:
    context = scope.context
    if context.lifecycle_problem:
        return Count(0, "", context.lifecycle_problem)
    stated = sum(one.status is not None for one in scope.contracts)
    if context.revision.problem:
        return Count(0, "", f"{context.revision.problem}, so no move was compared")
    compared = sum(context.before(one) is not None for one in scope.contracts)
    new = len(scope.contracts) - compared
    against = f"{_many(compared, 'contract')} against {context.options.revision}"
    words = f"{_many(stated, 'status')}, {against}" + (f" ({new} new)" if new else "")
    return Count(stated + compared, words)


def _references(scope: Scope) -> Count:
    named = [
        name
        for contract in scope.contracts
        for falsifier in contract.falsifiers
        for name in (*falsifier.decides, *falsifier.unblocks, *falsifier.proxy_for)
    ]
    gates = [gate for one in scope.contracts for stage in one.stages for gate in stage.gates]
    applied = [o for one in scope.contracts for o in one.obligations if o.applies_to]
    return _listed((len(named), "name"), (len(gates), "stage gate"), (len(applied), "obligation"))


def _arithmetic(scope: Scope) -> Count:
    summaries = sum("verification_summary" in one.data for one in scope.contracts)
    return _listed((summaries, "summary"), (len(scope.contracts), "description"))


def _methodology(scope: Scope) -> Count:
    return _listed(
        (sum(len(f.expect) for one in scope.contracts for f in one.falsifiers), "limit"),
        (sum(o.tolerance is not None for c in scope.contracts for o in c.obligations), "tolerance"),
    )


def _evidence(scope: Scope) -> Count:
    live = sum(f.live for one in scope.contracts for f in one.falsifiers)
    folders = evidence_folders(scope.context.root)
    return _listed((live, "live falsifier"), (len(folders), "evidence folder"))


def _ship(scope: Scope) -> Count:
    models = [model for one in scope.contracts for model in one.ship_models]
    return _listed((len(models), "model"), (sum(len(m.criteria) for m in models), "criterion"))


def _strict(scope: Scope) -> Count:
    counts = binding_counts(scope)
    total = sum(counts.values())
    parts = ", ".join(f"{name} {counts[name]}" for name in BindingClass if counts[name])
    return Count(total, f"{_many(total, 'reference')}: {parts}" if total else "")


def binding_counts(scope: Scope) -> Mapping[BindingClass, int]:
    """Return how many references ended in each class; the counts add up to all references."""
    located = [each for one in scope.contracts for each in scope.context.references_of(one)]
    counts = Counter(each.resolution.binding_class for each in located)
    if sum(counts.values()) != len(located) or set(counts) - set(BindingClass):
        raise ValueError(f"{sum(counts.values())} classes counted for {len(located)} references")
    return {name: counts[name] for name in BindingClass}


GATES: Mapping[GateName, Callable[[Scope], Count]] = {
    GateName.VALIDATE: _validate,
    GateName.AUDIT: _audit,
    GateName.SCORE: _score,
    GateName.VERIFY: _verify,
    GateName.ENFORCE: _enforce,
    GateName.ENFORCEMENT_LEVEL: _levels,
    GateName.REVERSE_COVERAGE: _reverse,
    GateName.DUPLICATE_STEMS: _stems,
    GateName.COMPOSITION: _composition,
    GateName.VERSIONS: _versions,
    GateName.TRANSITIONS: _transitions,
    GateName.REFERENCES: _references,
    GateName.ARITHMETIC: _arithmetic,
    GateName.METHODOLOGY: _methodology,
    GateName.EVIDENCE: _evidence,
    GateName.SHIP: _ship,
    GateName.STRICT_TEST_BINDING: _strict,
}
"""Every gate with the function that counts what it judged, in the order in which they are shown."""
