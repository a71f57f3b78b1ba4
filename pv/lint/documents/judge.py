"""One document judged by every check."""

from __future__ import annotations

import re
from typing import Final, NamedTuple

from pv.lint.documents.citations import citations
from pv.lint.documents.counts import counts
from pv.lint.documents.ledger import ledger
from pv.lint.documents.markdown import Fault, sections_of

_SENSELESS: Final = re.compile(r"\d{19,}|[^\S\n]{200,}")
"""Digits that count nothing, and blanks that patterns would try one by one."""


class Judged(NamedTuple):
    """What became of a document."""

    judged: int
    """How many counts, citations and moves were looked at."""
    faults: tuple[Fault, ...]
    """In the order of the document."""


def judge_document(text: str) -> Judged:
    """Return everything in which a document contradicts itself."""
    sections = sections_of(_SENSELESS.sub(lambda found: "x" * len(found[0]), text))
    found = [check(sections) for check in (counts, citations, ledger)]
    faults = dict.fromkeys(fault for each in found for fault in each.faults)
    looked_at = sum(max(each.judged, len(each.faults)) for each in found)
    return Judged(looked_at, tuple(sorted(faults)))
