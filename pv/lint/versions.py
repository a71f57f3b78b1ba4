"""Semantic versions, as precedence tuples."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TypeAlias

from pv.model.contract import Contract, Path

Version: TypeAlias = tuple[int, int, int, bool, tuple[tuple[int, int, str], ...]]

_SEMVER = re.compile(
    r"(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)"
    r"(?:-((?:0|[1-9]\d*|\d*[A-Za-z-][\dA-Za-z-]*)(?:\.(?:0|[1-9]\d*|\d*[A-Za-z-][\dA-Za-z-]*))*))?"
    r"(?:\+[\dA-Za-z-]+(?:\.[\dA-Za-z-]+)*)?",
    re.ASCII,
)
_LONGEST = 200
"""Characters of a version; a longer text is none."""


def version_path(contract: Contract) -> Path:
    """Return where the version of a contract stands: in its metadata, or at the top."""
    metadata = contract.data.get("metadata")
    inside = isinstance(metadata, Mapping) and "version" in metadata
    return ("metadata", "version") if inside else ("version",)


def parse_version(text: str) -> Version | None:
    """Return the precedence of a SemVer 2.0.0 version, or None where it is none.

    Greater tuples come later; build metadata does not count, as the specification says.
    """
    match = _SEMVER.fullmatch(text) if len(text) <= _LONGEST else None
    if match is None:
        return None
    major, minor, patch, before = match.groups()
    parts = tuple(_part(part) for part in before.split(".")) if before else ()
    return int(major), int(minor), int(patch), before is None, parts


def _part(text: str) -> tuple[int, int, str]:
    """Return the precedence of one pre-release identifier: numbers come before words."""
    return (0, int(text), "") if text.isdigit() else (1, 0, text)
