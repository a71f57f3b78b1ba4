"""The fingerprint of a finding: the same for the same fault, wherever in its file it stands.

It is made of the rule, the contract, the path of names that leads to the place and the message.
Whatever only says where the place stands now is left out: lines, columns, positions in lists,
today's date and the revision compared with. Values stay in: a number that changes makes another
finding.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from hashlib import sha256
from json import dumps
from pathlib import PurePath
from typing import Final

from pv.model.contract import Path
from pv.model.finding import Finding

VERSION: Final = "v1"
"""Another value means that fingerprints written before are not comparable any more."""

LENGTH: Final = 16
"""Hexadecimal digits of a fingerprint."""

_PLACES: Final = (
    (re.compile(r"\b(line|column) \d+"), r"\1 #"),
    (re.compile(r"(?<=\S):\d+:\d+\b"), ":#"),
    (re.compile(r"\[\d+\]"), "[#]"),
    (re.compile(r"\btoday \(\d{4}-\d\d-\d\d\)"), "today"),
    (re.compile(r"\bsince \S+( \([0-9a-f]{8}\))?"), "since #"),
    (re.compile(r"\bof (HEAD\b|\S+ \([0-9a-f]{8}\))"), "of #"),
    (re.compile(r"\s+"), " "),
)
_NUMBERED: Final = re.compile(r"\b(obligation) (\d+)\b")
"""Entries without an id are called by their position, counted from 1."""


def fingerprints(findings: Sequence[Finding]) -> list[str]:
    """Return a fingerprint for each finding, all different.

    Of findings that are alike, the ones further down carry a higher ordinal, whatever the order
    in which they are given.
    """
    order = sorted(range(len(findings)), key=lambda index: findings[index].sort_key())
    seen: Counter[str] = Counter()
    found = [""] * len(findings)
    for index in order:
        identity = _identity(findings[index])
        found[index] = _digest(identity, seen[identity])
        seen[identity] += 1
    return found


def _identity(finding: Finding) -> str:
    # A file that yields no contract goes by its stem, the id that it would have by default.
    contract = finding.contract or PurePath(finding.span.file).stem
    names = [None if isinstance(step, int) else step for step in finding.path]
    message = _normalised(finding.message, finding.path)
    return dumps([VERSION, finding.rule, contract, names, message])


def _normalised(message: str, path: Path) -> str:
    """Return a message without what depends on the place alone."""

    def position(match: re.Match[str]) -> str:
        return f"{match[1]} #" if int(match[2]) - 1 in path else match[0]

    for pattern, replacement in _PLACES:
        message = pattern.sub(replacement, message)
    return _NUMBERED.sub(position, message).strip()


def _digest(identity: str, ordinal: int) -> str:
    return sha256(f"{identity}\n{ordinal}".encode()).hexdigest()[:LENGTH]
