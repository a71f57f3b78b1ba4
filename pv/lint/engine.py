"""Runs rules over contracts: every contract alone, then all together, then the verdict.

The verdict is formed from the final findings. A bad file fails itself and hides nothing else, and
a rule that crashes is our own defect, named with the rule, never a finding.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from pv.errors import UsageError
from pv.lint.context import Context
from pv.lint.gates import GATES, Count, GateState, Scope, binding_counts
from pv.lint.options import Options
from pv.lint.rule import GateName, Rule
from pv.lint.rules import RULES
from pv.model.contract import Contract
from pv.model.finding import Finding
from pv.model.verdict import Severity
from pv.registry.index import Registry
from pv.yamlfile.judge import Judged


class RuleCrashError(RuntimeError):
    """A rule failed on input that it should have judged; a defect of this program."""


class Outcome(StrEnum):
    """What a whole run came to."""

    PASS = "PASS"  # noqa: S105 - a verdict
    FAIL = "FAIL"
    NO_VERDICT = "NO VERDICT"
    CRASHED = "INTERNAL ERROR"
    """A rule crashed: whatever the others found, nothing was shown to be sound."""


@dataclass(frozen=True, slots=True)
class GateReport:
    """One gate after a run."""

    gate: GateName
    state: GateState
    judged: str
    """What was judged, or why nothing was."""
    errors: int
    warnings: int


@dataclass(frozen=True, slots=True)
class Report:
    """Everything a run found."""

    gates: tuple[GateReport, ...]
    findings: tuple[Finding, ...]
    files: int
    crashes: tuple[RuleCrashError, ...] = ()
    bindings: Mapping[str, int] = field(default_factory=dict)
    """References by class; filled where strict test binding was asked for."""

    @property
    def outcome(self) -> Outcome:
        """Return FAIL with a failed gate, PASS with a passed one, else NO VERDICT.

        A crash outweighs them all.
        """
        if self.crashes:
            return Outcome.CRASHED
        states = {report.state for report in self.gates}
        if GateState.FAILED in states:
            return Outcome.FAIL
        return Outcome.PASS if GateState.PASSED in states and self.files else Outcome.NO_VERDICT

    def count(self, state: GateState) -> int:
        """Return how many gates ended in a state."""
        return sum(report.state is state for report in self.gates)


def lint(
    root: Path,
    judged: Sequence[Judged],
    options: Options | None = None,
    *,
    shown: frozenset[str] | None = None,
    rules: Sequence[Rule] = RULES,
) -> Report:
    """Lint files that belong together.

    `shown` names the files whose findings are wanted (all where None): the others are only there to
    be referred to, so a file has the same findings alone and among all.

    Raises UsageError for a base revision that was asked for and is not there.
    """
    wanted = [one for one in judged if shown is None or one.document.file in shown]
    contracts = [one.contract for one in judged if one.contract is not None]
    context = Context(Registry(root, contracts), options)
    if context.options.base is not None and context.revision.problem:
        raise UsageError(f"--base {context.options.base}: {context.revision.problem}")
    names = frozenset(one.document.file for one in wanted)
    scope = Scope(len(wanted), [one for one in contracts if one.file in names], context)
    crashes: list[RuleCrashError] = []
    by_gate: dict[GateName, list[Finding]] = {gate: [] for gate in GATES}
    by_gate[GateName.VALIDATE].extend(finding for one in wanted for finding in one.findings)
    for rule in rules:
        if _asked(rule.gate, context.options):
            found = _run(rule, scope, crashes)
            by_gate[rule.gate].extend(
                each for each in found if shown is None or each.span.file in names
            )
    reports = tuple(_report(gate, scope, found, crashes) for gate, found in by_gate.items())
    findings = sorted((f for found in by_gate.values() for f in found), key=Finding.sort_key)
    bindings: dict[str, int] = {}
    if context.options.strict_test_binding:
        bindings = {name.value: number for name, number in binding_counts(scope).items()}
    return Report(reports, tuple(findings), len(wanted), tuple(crashes), bindings)


def _asked(gate: GateName, options: Options) -> bool:
    return gate is not GateName.STRICT_TEST_BINDING or options.strict_test_binding


def _run(rule: Rule, scope: Scope, crashes: list[RuleCrashError]) -> list[Finding]:
    found: list[Finding] = []
    if rule.check is not None:
        for contract in scope.contracts:
            found += _guarded(rule, _of(rule.check, contract, scope.context), contract, crashes)
    if rule.check_registry is not None:
        registry = scope.context.registry
        found += _guarded(rule, _all(rule.check_registry, registry, scope.context), None, crashes)
    return found


def _of(
    check: Callable[[Contract, Context], Iterator[Finding]], contract: Contract, context: Context
) -> Iterator[Finding]:
    yield from check(contract, context)


def _all(
    check: Callable[[Registry, Context], Iterator[Finding]], registry: Registry, context: Context
) -> Iterator[Finding]:
    yield from check(registry, context)


def _guarded(
    rule: Rule,
    findings: Iterator[Finding],
    contract: Contract | None,
    crashes: list[RuleCrashError],
) -> list[Finding]:
    """Collect findings; whatever a rule raises is recorded as a crash of that rule."""
    found: list[Finding] = []
    try:
        found.extend(findings)
    except Exception as error:  # noqa: BLE001 - a rule's defect must not silence the other rules
        crashes.append(_crash(f"rule {rule.id}", contract, error))
    return found


def _crash(what: str, contract: Contract | None, error: Exception) -> RuleCrashError:
    where = contract.file if contract else "the registry"
    crash = RuleCrashError(f"{what} failed on {where}: {type(error).__name__}: {error}")
    crash.__cause__ = error
    return crash


def _report(
    gate: GateName, scope: Scope, findings: Sequence[Finding], crashes: list[RuleCrashError]
) -> GateReport:
    options = scope.context.options
    errors = sum(each.severity is Severity.ERROR for each in findings)
    warnings = sum(each.severity is Severity.WARNING for each in findings)
    if not _asked(gate, options):
        return GateReport(gate, GateState.NOT_ASKED, "--strict-test-binding", 0, 0)
    try:
        count = GATES[gate](scope)
    except Exception as error:  # noqa: BLE001 - as in _guarded: a defect here is ours and is named
        crashes.append(_crash(f"gate {gate}", None, error))
        count = Count(0, "", "an internal error")
    return GateReport(
        gate, _state(count, errors, warnings, options), _words(count), errors, warnings
    )


def _words(count: Count) -> str:
    return count.unjudged or count.words


def _state(count: Count, errors: int, warnings: int, options: Options) -> GateState:
    if errors or (options.strict and warnings):
        return GateState.FAILED
    if count.unjudged:
        return GateState.UNJUDGED
    return GateState.PASSED if count.number else GateState.NOTHING
