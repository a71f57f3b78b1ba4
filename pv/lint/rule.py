"""What a lint rule is: its name, its page, and one function that yields findings."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final, TypeAlias

from pv.lint.traits import Trait
from pv.model.contract import Contract, Path
from pv.model.finding import Finding, Fix
from pv.model.verdict import Severity

if TYPE_CHECKING:
    from pv.lint.context import Context
    from pv.registry.index import Registry


class GateName(StrEnum):
    """The rule families, in the order in which they are shown."""

    VALIDATE = "validate"
    AUDIT = "audit"
    SCORE = "score"
    VERIFY = "verify"
    ENFORCE = "enforce"
    ENFORCEMENT_LEVEL = "enforcement-level"
    REVERSE_COVERAGE = "reverse-coverage"
    DUPLICATE_STEMS = "duplicate-stems"
    COMPOSITION = "composition"
    VERSIONS = "versions"
    TRANSITIONS = "transitions"
    HISTORY = "history"
    REFERENCES = "references"
    ARITHMETIC = "arithmetic"
    METHODOLOGY = "methodology"
    EVIDENCE = "evidence"
    SHIP = "ship"
    STRICT_TEST_BINDING = "strict-test-binding"


GATE_ABOUT: Final[Mapping[GateName, str]] = {
    GateName.VALIDATE: "every file is sound YAML and has the shape that its kind demands",
    GateName.AUDIT: "what is claimed is attacked: claims have falsifiers, verdicts have deciders",
    GateName.SCORE: "how many test references lead to something that can be run",
    GateName.VERIFY: "harnesses, test nodes and controls that are named exist",
    GateName.ENFORCE: "measurements have limits, equations have both halves of their conditions",
    GateName.ENFORCEMENT_LEVEL: "claimed statuses and verdicts are what the receipts support",
    GateName.REVERSE_COVERAGE: "harnesses and kernels that are there are used by a falsifier",
    GateName.DUPLICATE_STEMS: "ids and file stems are unique and usable",
    GateName.COMPOSITION: "dependencies exist and lead in no loop",
    GateName.VERSIONS: "versions are semantic, the changelog is in order and ends at the version",
    GateName.TRANSITIONS: "status words are known, and moved since the base as the table allows",
    GateName.HISTORY: "what changed since the base has its version, its reason and its tombstones",
    GateName.REFERENCES: "names of hypotheses, gates, equations and falsifiers lead somewhere",
    GateName.ARITHMETIC: "counts and words about them agree with the lists",
    GateName.METHODOLOGY: "limits and suppressions have reasons, falsifiers planted faults",
    GateName.EVIDENCE: "receipts are whole and belong to something, models are identified",
    GateName.SHIP: "ship criteria wait for falsifiers that exist, and credit is explained",
    GateName.STRICT_TEST_BINDING: "every test reference ends in one class, and the classes add up",
}
"""What each gate stands for, in a sentence."""


class FixKind(StrEnum):
    """Whether a rule can mend what it finds."""

    NEVER = "never"
    """Only the author knows what is right."""
    SOMETIMES = "sometimes"
    ALWAYS = "always"


ContractCheck: TypeAlias = "Callable[[Contract, Context], Iterator[Finding]]"
RegistryCheck: TypeAlias = "Callable[[Registry, Context], Iterator[Finding]]"


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule: `check` sees one contract, `check_registry` all of them together."""

    id: str
    name: str
    since: str
    severity: Severity
    gate: GateName
    fix: FixKind
    page: str
    """The docstring of its module: what `pv rule` shows."""
    about: Trait | None = None
    """What a contract holds where `check` can find something: any of it; None is anything."""
    check: ContractCheck | None = None
    check_registry: RegistryCheck | None = None

    def finding(
        self,
        contract: Contract,
        path: Path,
        message: str,
        *,
        advice: str = "",
        key: bool = False,
        severity: Severity | None = None,
        fix: Fix | None = None,
    ) -> Finding:
        """Return a finding at a place of a contract; `key` points to the key, not to its value."""
        return Finding(
            rule=self.id,
            severity=severity or self.severity,
            message=message,
            span=contract.span(path, key=key),
            advice=advice,
            contract=contract.id,
            path=path,
            fix=fix,
        )
