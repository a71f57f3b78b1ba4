"""Runs rules over contracts: every contract alone, then all together, then the verdict.

The verdict is formed from the final findings. A bad file fails itself and hides nothing else, and
a rule that crashes is our own defect, named with the rule, never a finding.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import NamedTuple

from pv.bindings.interface import BindingClass
from pv.lint.context import Context
from pv.lint.gates import GATES, Count, GateState, Scope, Sums
from pv.lint.options import Options
from pv.lint.rule import ContractCheck, GateName, Rule
from pv.lint.rules import RULES
from pv.lint.settle import Settled, settle
from pv.lint.traits import traits_of
from pv.model.contract import Contract
from pv.model.finding import Finding
from pv.model.verdict import Severity
from pv.registry.index import NotYetError, Registry
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
    settled: Settled = field(default_factory=lambda: Settled(()))
    """What became of every finding, those included that do not count."""

    @property
    def outcome(self) -> Outcome:
        """Return FAIL with a failed gate, PASS with a passed one, else NO VERDICT.

        A crash outweighs them all. Without a vocabulary of statuses no claim was held against its
        evidence: that is no PASS, whatever else passed.
        """
        if self.crashes:
            return Outcome.CRASHED
        states = {report.gate: report.state for report in self.gates}
        if GateState.FAILED in states.values():
            return Outcome.FAIL
        blind = states.get(GateName.ENFORCEMENT_LEVEL) is GateState.UNJUDGED
        passed = GateState.PASSED in states.values() and self.files and not blind
        return Outcome.PASS if passed else Outcome.NO_VERDICT

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
    keeper: Keeper | None = None,
) -> Report:
    """Lint files that belong together.

    `shown` names the files whose findings are wanted (all where None): the others are only there to
    be referred to, so a file has the same findings alone and among all. A `keeper` may know parts
    from an earlier run.

    Raises UsageError for a base revision that was asked for and is not there.
    """
    wanted = [one for one in judged if shown is None or one.document.file in shown]
    contracts = [one.contract for one in judged if one.contract is not None]
    keeper = keeper or Keeper()
    context = Context(keeper.registry(root, contracts), options)
    check_base(context)
    names = frozenset(one.document.file for one in wanted)
    together = [one for one in context.registry.contracts if one.file in names]
    parts = keeper.contracts(together, context, rules)
    form = Part({GateName.VALIDATE: [each for one in wanted for each in one.findings]}, {}, [])
    whole = keeper.together(context, rules, None if shown is None else names)
    return assemble([form, *parts, whole], Scope(len(wanted), len(parts), context))


def check_base(context: Context) -> None:
    """Raise UsageError where a base revision was asked for and is not there."""
    if context.options.base is not None and context.past.problem:
        raise context.options.base_fault(context.past.problem)


@dataclass(frozen=True, slots=True)
class Part:
    """What judging one contract gave, or judging the registry as a whole."""

    findings: Mapping[GateName, Sequence[Finding]]
    counts: Mapping[GateName, Sums]
    crashes: Sequence[RuleCrashError]
    waits: Sequence[str] = ()
    """Ids of rules that asked about other contracts when these were not known yet."""


class Keeper:
    """Where the parts of a run come from: here, from running the rules."""

    def registry(self, root: Path, contracts: Sequence[Contract]) -> Registry:
        """Return the registry that the rules ask."""
        return Registry(root, contracts)

    def contracts(
        self, contracts: Sequence[Contract], context: Context, rules: Sequence[Rule]
    ) -> list[Part]:
        """Return what judging each of several contracts gives."""
        return [judge_contract(one, context, rules) for one in contracts]

    def together(
        self, context: Context, rules: Sequence[Rule], shown: frozenset[str] | None
    ) -> Part:
        """Return what judging the registry as a whole gives."""
        return judge_registry(context, rules, shown=shown)


def judge_contract(contract: Contract, context: Context, rules: Sequence[Rule] = RULES) -> Part:
    """Run every rule about single contracts over one, and count what the gates judged in it."""
    checks = _checks(rules, context.options.strict_test_binding, traits_of(contract))
    findings, crashes, waits = ask_rules(contract, context, checks)
    counts: dict[GateName, Sums] = {}
    for name, gate in GATES.items():
        if _asked(name, context.options):
            try:
                counts[name] = gate.of(contract, context)
            except Exception as error:  # noqa: BLE001 - as in ask_rules: ours, and named
                crashes.append(_crash(f"gate {name}", contract, error))
    return Part(findings, counts, crashes, waits)


def ask_rules(
    contract: Contract, context: Context, checks: Iterable[tuple[Rule, ContractCheck]]
) -> tuple[dict[GateName, list[Finding]], list[RuleCrashError], list[str]]:
    """Return findings, crashes, and the ids of the rules that wait for other contracts."""
    crashes: list[RuleCrashError] = []
    waits: list[str] = []
    findings: dict[GateName, list[Finding]] = {}
    for rule, check in checks:
        found: list[Finding] = []
        try:
            found.extend(check(contract, context))
        except NotYetError:
            waits.append(rule.id)
            continue
        except Exception as error:  # noqa: BLE001 - a rule's defect must not silence the others
            crashes.append(_crash(f"rule {rule.id}", contract, error))
        if found:
            findings.setdefault(rule.gate, []).extend(found)
    return findings, crashes, waits


class _Checks(NamedTuple):
    rules: Sequence[Rule]
    strict: bool
    by_traits: dict[int, tuple[tuple[Rule, ContractCheck], ...]]


_last: list[_Checks] = []


def _checks(
    rules: Sequence[Rule], strict: bool, traits: int
) -> tuple[tuple[Rule, ContractCheck], ...]:
    """Return the rules about contracts with such traits that are asked; answers are kept."""
    if not _last or _last[0].rules is not rules or _last[0].strict is not strict:
        _last[:] = [_Checks(rules, strict, {})]
    known = _last[0].by_traits
    if traits not in known:
        options = Options(strict_test_binding=strict)
        known[traits] = tuple(
            (rule, rule.check)
            for rule in rules
            if rule.check
            and _asked(rule.gate, options)
            and (rule.about is None or rule.about.value & traits)
        )
    return known[traits]


def judge_registry(
    context: Context, rules: Sequence[Rule] = RULES, *, shown: frozenset[str] | None = None
) -> Part:
    """Run every rule about the registry as a whole; `shown` as in `lint`."""
    crashes: list[RuleCrashError] = []
    findings: dict[GateName, list[Finding]] = {}
    for rule in rules:
        if rule.check_registry is not None and _asked(rule.gate, context.options):
            found: list[Finding] = []
            try:
                found.extend(rule.check_registry(context.registry, context))
            except Exception as error:  # noqa: BLE001 - as in ask_rules
                crashes.append(_crash(f"rule {rule.id}", None, error))
            kept = [each for each in found if shown is None or each.span.file in shown]
            findings.setdefault(rule.gate, []).extend(kept)
    return Part(findings, {}, crashes)


def assemble(parts: Sequence[Part], scope: Scope) -> Report:
    """Return the report that parts come to; it does not depend on their order."""
    by_gate: dict[GateName, list[Finding]] = {gate: [] for gate in GATES}
    crashes: list[RuleCrashError] = []
    for part in parts:
        for name, found in part.findings.items():
            by_gate[name] += found
        crashes += part.crashes
    sums = _sums(parts)
    gate_of = {finding.rule: name for name, found in by_gate.items() for finding in found}
    every = [finding for found in by_gate.values() for finding in found]
    whole = scope.contracts == len(scope.context.registry.contracts)
    settled = settle(every, scope.context.options, whole=whole)
    reports = tuple(
        _report(
            name,
            sums[name],
            scope,
            [each for each in settled.count if gate_of[each.rule] is name],
            crashes,
        )
        for name in by_gate
    )
    bindings: dict[str, int] = {}
    if scope.context.options.strict_test_binding:
        numbers = sums[GateName.STRICT_TEST_BINDING]
        bindings = {name.value: number for name, number in zip(BindingClass, numbers, strict=True)}
    return Report(reports, settled.count, scope.files, tuple(crashes), bindings, settled)


def _sums(parts: Sequence[Part]) -> dict[GateName, Sums]:
    """Return the counts of all parts, added up; many parts share one record of them."""
    records = {id(part.counts): part.counts for part in parts}
    times = Counter([id(part.counts) for part in parts])
    sums = {name: [0] * gate.width for name, gate in GATES.items()}
    for key, counts in records.items():
        for name, row in counts.items():
            total = sums[name]
            for at, number in enumerate(row):
                total[at] += number * times[key]
    return {name: tuple(total) for name, total in sums.items()}


def _asked(gate: GateName, options: Options) -> bool:
    return gate is not GateName.STRICT_TEST_BINDING or options.strict_test_binding


def _selected(gate: GateName, options: Options) -> bool:
    """Tell whether a rule of a gate is asked; faults of the YAML itself always are."""
    return gate is GateName.VALIDATE or any(
        rule.gate is gate and options.asks(rule.id) for rule in RULES
    )


def _crash(what: str, contract: Contract | None, error: Exception) -> RuleCrashError:
    where = contract.file if contract else "the registry"
    crash = RuleCrashError(f"{what} failed on {where}: {type(error).__name__}: {error}")
    crash.__cause__ = error
    return crash


def _report(
    gate: GateName,
    sums: Sums,
    scope: Scope,
    findings: Sequence[Finding],
    crashes: list[RuleCrashError],
) -> GateReport:
    options = scope.context.options
    errors = sum(each.severity is Severity.ERROR for each in findings)
    warnings = sum(each.severity is Severity.WARNING for each in findings)
    if not _asked(gate, options):
        return GateReport(gate, GateState.NOT_ASKED, "--strict-test-binding", 0, 0)
    if not findings and not _selected(gate, options):
        return GateReport(gate, GateState.NOT_ASKED, "none of its rules is selected", 0, 0)
    try:
        count = GATES[gate].total(sums, scope)
    except Exception as error:  # noqa: BLE001 - as in ask_rules: a defect here is ours and is named
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
