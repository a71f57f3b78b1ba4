"""Which findings count: severities as configured, suppressions, rules set aside, the baseline."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
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
    unselected: tuple[Finding, ...] = ()
    """Of rules that were not asked for."""
    known: tuple[Finding, ...] = ()
    """That the baseline holds."""
    stale: tuple[str, ...] = ()
    """Fingerprints of the baseline that no finding has any more."""

    @property
    def aside(self) -> Mapping[str, int]:
        """Return how many findings do not count, by why: in words that stand behind a number."""
        return {
            "suppressed": len(self.suppressed),
            "in the baseline": len(self.known),
            "ignored by configuration": len(self.ignored),
            "of rules not selected": len(self.unselected),
        }


def settle(findings: Sequence[Finding], options: Options, *, whole: bool) -> Settled:
    """Tell apart the findings that count; only of a `whole` registry can a baseline be stale."""
    asked = [one for one in findings if one.rule not in options.ignored]
    count, suppressed = sift(replace(one, severity=_severity(one, options)) for one in asked)
    ordered = sorted((one for one in count if _wanted(one, options)), key=Finding.sort_key)
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
        tuple(sorted((f for f in suppressed if _wanted(f, options)), key=Finding.sort_key)),
        tuple(sorted((f for f in findings if f.rule in options.ignored), key=Finding.sort_key)),
        tuple(one for one in findings if not _wanted(one, options)),
        tuple(known),
        tuple(stale),
    )


def _wanted(finding: Finding, options: Options) -> bool:
    return options.asks(finding.rule) or finding.rule.startswith(KEPT)


def _severity(finding: Finding, options: Options) -> Severity:
    return options.severities.get(finding.rule, finding.severity)
