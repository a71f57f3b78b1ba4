"""Which findings count: severities as configured, suppressions, rules set aside, the baseline."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from pv.lint.catalogue import is_judged
from pv.lint.fingerprint import fingerprints
from pv.lint.options import Options
from pv.lint.suppress import KEPT, sift
from pv.model.finding import Finding
from pv.model.verdict import Severity


@dataclass(frozen=True, slots=True)
class Settled:
    """The findings of a run, each in exactly one place, sorted."""

    count: tuple[Finding, ...]
    suppressed: tuple[Finding, ...] = ()
    """That a comment in their file sets aside."""
    ignored: tuple[Finding, ...] = ()
    """Of rules that the configuration sets aside."""
    known: tuple[Finding, ...] = ()
    """That the baseline holds."""
    stale: tuple[str, ...] = ()
    """Fingerprints of the baseline that no finding has any more."""


def settle(findings: Sequence[Finding], options: Options, *, whole: bool) -> Settled:
    """Tell apart the findings that count; only of a `whole` registry can a baseline be stale."""
    asked = [one for one in findings if one.rule not in options.ignored]
    count, suppressed = sift(replace(one, severity=_severity(one, options)) for one in asked)
    ordered = sorted(count, key=Finding.sort_key)
    known: list[Finding] = []
    stale: list[str] = []
    if options.baseline is not None:
        names = fingerprints(ordered)
        pairs = list(zip(ordered, names, strict=True))
        able = {name for one, name in pairs if not one.rule.startswith(KEPT)}
        held = able & options.baseline.keys()
        known = [one for one, name in pairs if name in held]
        ordered = [one for one, name in pairs if name not in held]
        gone = options.baseline.keys() - set(names) if whole else ()
        stale = sorted(name for name in gone if is_judged(options.baseline[name], options))
    return Settled(
        tuple(ordered),
        tuple(sorted(suppressed, key=Finding.sort_key)),
        tuple(sorted((f for f in findings if f.rule in options.ignored), key=Finding.sort_key)),
        tuple(known),
        tuple(stale),
    )


def _severity(finding: Finding, options: Options) -> Severity:
    return options.severities.get(finding.rule, finding.severity)
