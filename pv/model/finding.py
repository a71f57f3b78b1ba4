"""A finding: one fault in one place, complete at birth and compared whole."""

from __future__ import annotations

from dataclasses import dataclass

from pv.marks import Span
from pv.model.contract import Path
from pv.model.verdict import Severity


@dataclass(frozen=True, slots=True)
class Fix:
    """A replacement of the text in `span`; safe fixes do not change what the contract claims."""

    title: str
    span: Span
    replacement: str
    safe: bool


@dataclass(frozen=True, slots=True)
class Finding:
    """What a rule found.

    `message` follows what · expected · found, lower case and without full stop; `advice` says
    what to do.
    """

    rule: str
    severity: Severity
    message: str
    span: Span
    advice: str = ""
    contract: str = ""
    """Id of the contract; empty where the file did not yield one."""
    path: Path = ()
    fix: Fix | None = None

    def sort_key(self) -> tuple[str, int, int, str, str]:
        """Order by place, then rule, so that output never depends on the order of rules."""
        return (
            self.span.file,
            self.span.start.line,
            self.span.start.column,
            self.rule,
            self.message,
        )
