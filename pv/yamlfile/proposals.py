"""What should stand in place of a faulty key or value, where that can be known."""

from __future__ import annotations

import re
from datetime import date
from typing import Final

from pv.yamlfile.respell import Proposal
from pv.yamlfile.shapes import Section, is_slip

_YEAR_FIRST: Final = re.compile(r"(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})", re.ASCII)
_DIGEST: Final = re.compile(r"[0-9a-f]{64}")


def rename(name: str, meant: str, section: Section) -> Proposal:
    """Return the proposal for a misspelt key: safe for a slip that fits one known key alone."""
    slips = sum(is_slip(name, known) for known in section.keys)
    return Proposal(f"rename the key to {meant}", meant, safe=is_slip(name, meant) and slips == 1)


def as_day(value: str) -> Proposal | None:
    """Return the proposal for a date whose year comes first; any other order is guesswork."""
    match = _YEAR_FIRST.fullmatch(value.strip())
    if match is None:
        return None
    try:
        day = date(*map(int, match.groups())).isoformat()
    except ValueError:
        return None
    return Proposal(f"write {day}", day, safe=True)


def as_digest(value: str) -> Proposal | None:
    """Return the proposal for a digest in upper case."""
    lower = value.strip().lower()
    return (
        Proposal("write it in lower case", lower, safe=True) if _DIGEST.fullmatch(lower) else None
    )
