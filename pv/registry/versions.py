"""Semantic versions, as precedence tuples, and how far one is from another."""

from __future__ import annotations

import re
from enum import IntEnum
from functools import lru_cache
from typing import TypeAlias

Version: TypeAlias = tuple[int, int, int, bool, tuple[tuple[int, int, str], ...]]

_SEMVER = re.compile(
    r"(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)"
    r"(?:-((?:0|[1-9]\d*|\d*[A-Za-z-][\dA-Za-z-]*)(?:\.(?:0|[1-9]\d*|\d*[A-Za-z-][\dA-Za-z-]*))*))?"
    r"(?:\+[\dA-Za-z-]+(?:\.[\dA-Za-z-]+)*)?",
    re.ASCII,
)
_LONGEST = 200
"""Characters of a version; a longer text is none."""


class Bump(IntEnum):
    """How much a version rises; more is further."""

    LOWERED = -1
    NONE = 0
    PATCH = 1
    MINOR = 2
    MAJOR = 3


def bump_between(before: Version, after: Version) -> Bump:
    """Return how far a version rose.

    A version that follows a pre-release of its own counts as what its numbers say: before the
    release nothing was promised.
    """
    if after <= before:
        return Bump.NONE if after == before else Bump.LOWERED
    if after[0] != before[0]:
        return Bump.MAJOR
    if after[1] != before[1]:
        return Bump.MINOR
    if after[2] != before[2]:
        return Bump.PATCH
    _, minor, patch, *_ = after
    return Bump.PATCH if patch else Bump.MINOR if minor else Bump.MAJOR


def raised(version: Version, bump: Bump) -> str:
    """Return the text of the next version after a bump."""
    major, minor, patch, released, _ = version
    if bump is Bump.MAJOR:
        return f"{major + 1}.0.0"
    if bump is Bump.MINOR:
        return f"{major}.{minor + 1}.0"
    return f"{major}.{minor}.{patch + 1 if released else patch}"


@lru_cache(maxsize=1024)
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
