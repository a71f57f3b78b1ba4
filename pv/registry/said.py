"""What every reader of statements yields: where one stands, and what the change says to it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from enum import StrEnum
from typing import Final, NamedTuple, TypeAlias

from pv.registry.changeset import ChangeSet


class Verdict(StrEnum):
    """How a statement stands to the change."""

    BORNE_OUT = "borne out"
    CONTRADICTED = "contradicted"
    UNJUDGED = "cannot be judged"


Answer: TypeAlias = tuple[Verdict, str]
"""A verdict with its reason."""
YES, NO, OPEN = Verdict.BORNE_OUT, Verdict.CONTRADICTED, Verdict.UNJUDGED


class Said(NamedTuple):
    """One statement of a sentence: offsets in it, the words to show, and the answer."""

    start: int
    end: int
    quote: str
    answer: Answer


Reader: TypeAlias = Callable[[str, ChangeSet], Iterator[Said]]

FAR: Final = 400
"""Characters between a word and what it says something about; more have nothing in common."""
NUMBER_WORDS: Final = (
    *("one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"),
    *("eleven", "twelve"),
)
NUMBER: Final = rf"\d{{1,9}}|{'|'.join(NUMBER_WORDS)}"
"""A whole number as people write it; no group of its own."""


def number_of(text: str) -> int:
    """Return the number that digits or a word from one to twelve stand for."""
    word = text.lower()
    return NUMBER_WORDS.index(word) + 1 if word in NUMBER_WORDS else int(word)


def around(sentence: str, match: re.Match[str]) -> str:
    """Return the part of a sentence that a match may have to do with."""
    return sentence[max(0, match.start() - FAR) : match.end() + FAR]


def names(text: str, name: str) -> bool:
    """Tell whether a text holds a name as a whole word."""
    if name not in text:  # ten thousand names are asked for, and few are there
        return False
    return re.search(rf"(?<![\w-]){re.escape(name)}(?![\w-])", text) is not None
