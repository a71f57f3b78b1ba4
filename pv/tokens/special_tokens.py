"""Finding special tokens in a text: the longest first, wherever they stand."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

MOST_LENGTHS = 256
"""Different lengths, in bytes, of the special tokens of one vocabulary; real ones have about 60."""


class Piece(NamedTuple):
    """A stretch of text, or the special token `id` that stands there."""

    text: str
    id: int | None


class _Group(NamedTuple):
    """Special tokens of one length in bytes: where one may begin, and how many letters it has."""

    begin: re.Pattern[str]
    letters: tuple[int, ...]


class SpecialTokens:
    """Texts that are one token wherever they occur; at most `MOST_LENGTHS` different lengths.

    A text is read once for each length, so the time is linear in it.
    """

    def __init__(self, ids: Iterable[tuple[str, int]]) -> None:
        self._ids = {text: id_ for text, id_ in ids if text}
        groups: dict[int, list[str]] = {}
        for text in self._ids:
            groups.setdefault(len(text.encode()), []).append(text)
        self._groups = [_group(groups[length]) for length in sorted(groups, reverse=True)]

    def split(self, text: str) -> list[Piece]:
        """Cut a text into stretches and special tokens, in the order of the text.

        A longer token takes its place before a shorter one, even one that begins further left.
        """
        taken = bytearray(len(text))
        found: dict[int, str] = {}
        for group in self._groups:
            for start, candidate in _occurrences(group, self._ids, text):
                end = start + len(candidate)
                if taken.find(1, start, end) < 0:
                    taken[start:end] = b"\1" * (end - start)
                    found[start] = candidate
        pieces, done = [], 0
        for start, special in sorted(found.items()):
            if start > done:
                pieces.append(Piece(text[done:start], None))
            pieces.append(Piece(special, self._ids[special]))
            done = start + len(special)
        if done < len(text):
            pieces.append(Piece(text[done:], None))
        return pieces


def lengths_of(texts: Iterable[str]) -> int:
    """Return how many different lengths, in bytes, texts have."""
    return len({len(text.encode()) for text in texts if text})


def _group(texts: list[str]) -> _Group:
    letters = "".join(re.escape(first) for first in sorted({text[0] for text in texts}))
    return _Group(re.compile(f"[{letters}]"), tuple(sorted({len(text) for text in texts})))


def _occurrences(group: _Group, ids: Mapping[str, int], text: str) -> Iterator[tuple[int, str]]:
    """Yield where tokens of a group stand, from left to right."""
    for match in group.begin.finditer(text):
        start = match.start()
        for length in group.letters:
            candidate = text[start : start + length]
            if candidate in ids:
                yield start, candidate
