"""Small replacements in a YAML text: a word for a word, quotes around a sentence, quotes away.

Each returns the fix of a finding, or None where the text at the place is not plainly what it was
taken for (escapes, comments, aliases): a fix is offered only where it cannot hit anything else.
"""

import re
from enum import Enum, auto
from typing import Final, NamedTuple

from pv.marks import Mark, Span
from pv.model.finding import Fix

_BARE: Final = re.compile(r"[A-Za-z0-9_](?:[\w./+-]|:(?=[^\s,\[\]{}]))*", re.ASCII)
"""Text that needs no quotes anywhere in a YAML file, numbers and names of constants apart."""
_MARKED: Final = re.compile(r"(?:^|\s)[#&*!|>]")


class How(Enum):
    """What a replacement does to quotes."""

    KEEP = auto()
    """Another word in the same quotes, or in none as before."""
    REMOVE = auto()
    ADD = auto()
    """The text as it stands becomes one quoted text; `value` is not used."""


class Proposal(NamedTuple):
    """What should stand at a place; safe where it does not change what the contract claims."""

    title: str
    value: str
    safe: bool
    how: How = How.KEEP


def as_fix(text: str, span: Span, old: str, proposal: Proposal) -> Fix | None:
    """Return the fix that carries out a proposal at a span where `old` is meant to stand."""
    source = source_at(text, span)
    if proposal.how is How.ADD:
        new = _quoted(source)
    elif proposal.how is How.REMOVE:
        new = proposal.value if source[:1] in {'"', "'"} else None
    else:
        new = _respelt(source, old, proposal.value)
    return Fix(proposal.title, span, new, proposal.safe) if new is not None else None


def word_fix(text: str, span: Span, old: str, new: str, title: str) -> Fix | None:
    """Return the unsafe fix of one word inside a longer text; None unless it stands there once."""
    source = source_at(text, span)
    pattern = rf"(?<![\w-]){re.escape(old)}(?![\w-])"
    if len(re.findall(pattern, source)) != 1 or not _BARE.fullmatch(new):
        return None
    return Fix(title, span, re.sub(pattern, lambda _: new, source), safe=False)


def offset_at(text: str, mark: Mark) -> int:
    """Return the character offset of a mark."""
    position = 0
    for _ in range(mark.line - 1):
        position = text.find("\n", position) + 1
    return position + mark.column - 1


def source_at(text: str, span: Span) -> str:
    """Return what stands at a span, as it is written."""
    return text[offset_at(text, span.start) : offset_at(text, span.end)]


def _respelt(source: str, old: str, new: str) -> str | None:
    if source == old and _BARE.fullmatch(new):
        return new
    quote = source[:1]
    if quote in {'"', "'"} and source == f"{quote}{old}{quote}":
        return f"{quote}{new}{quote}" if new.isprintable() and not set("\"'\\") & set(new) else None
    return None


def _quoted(source: str) -> str | None:
    """Return a sentence in single quotes, its lines joined; None where it holds more than text."""
    if not source or _MARKED.search(source) or source[0] in "\"'[{":
        return None
    sentence = " ".join(source.split())
    return "'" + sentence.replace("'", "''") + "'" if sentence.isprintable() else None
