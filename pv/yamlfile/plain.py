"""The plain data of a sound text, without places: what most files are read for, in half the time.

Only what needs no second look is read here. A fault, an anchor, a tag, a key that is no text,
anything near a limit: then the text is left to the builder, which knows every case and every place.
Where both read a text they read the same data (a test holds them against each other).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from itertools import islice
from typing import Any, Final

from yaml._yaml import CParser
from yaml.error import YAMLError
from yaml.events import (
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)

from pv.yamlfile.aliases import MAX_DEPTH
from pv.yamlfile.build import LOOSE_QUESTION, MAX_NODES, MAX_SCALAR, MAY_BE_OTHER
from pv.yamlfile.nodes import Plain
from pv.yamlfile.scalars import TooManyDigitsError, resolve_plain

_RARE: Final = re.compile(r"\\(?:0|x00|u0000|U00000000)")
"""Escapes of NUL, which the builder refuses."""
_BEFORE_ROOT: Final = 2
"""Events before the first node: start of the stream and of the document."""
_TEXT: Final = frozenset({str})


class _NotPlainError(Exception):
    """The text holds something that only the builder can judge."""


def read_plain(text: str) -> dict[str, Plain] | None:
    """Return the mapping that a text holds, or None where the builder has to read it."""
    if ("\\" in text and _RARE.search(text)) or ("?" in text and LOOSE_QUESTION.search(text)):
        return None
    events = iter(CParser(text).get_event, None)
    try:
        if any(event.start_mark is None for event in islice(events, _BEFORE_ROOT)):
            return None
        root = _root(events, _careful(text))
        ended = sum(1 for _ in islice(events, _BEFORE_ROOT + 1)) == _BEFORE_ROOT
    except (YAMLError, TooManyDigitsError, _NotPlainError, MemoryError):
        return None
    return root if ended else None


def _careful(text: str) -> bool:
    """Tell whether a text may hold anchors, tags, or scalars that are too long."""
    return "&" in text or "!" in text or len(text) > MAX_SCALAR // 4


def _root(events: Iterator[Any], careful: bool) -> dict[str, Plain]:
    """Return the root mapping; the events after its end are left. Raises _NotPlainError."""
    waiting: list[list[Any]] = []
    parts: list[Any] = []
    """Items of the innermost open collection; of a mapping keys and values in turn."""
    add: Callable[[Any], None] = parts.append
    for event in islice(events, MAX_NODES):
        kind = type(event)
        if kind is ScalarEvent:
            value = event.value
            if careful:
                _check(event, len(value))
            if not event.style and value[:1] in MAY_BE_OTHER:
                value = _resolved(value)
            add(value)
            continue
        if kind is MappingStartEvent or kind is SequenceStartEvent:
            if careful:
                _check(event, 0)
            waiting.append(parts)
            if len(waiting) > MAX_DEPTH:
                raise _NotPlainError
            parts = []
        elif kind is MappingEndEvent or kind is SequenceEndEvent:
            made = _mapping(parts) if kind is MappingEndEvent else parts
            parts = waiting.pop()
            if not waiting:
                if type(made) is dict:
                    return made
                raise _NotPlainError
            parts.append(made)
        else:
            raise _NotPlainError  # an alias, or the end of a document without a collection
        add = parts.append
    raise _NotPlainError


def _resolved(text: str) -> Plain:
    """Return the value of an unquoted scalar; what is read as 0 is 0, and nobody has to look."""
    found = resolve_plain(text)
    if type(found) is float and found == 0 and text.strip("+-0."):
        raise _NotPlainError
    return found


def _check(event: Any, size: int) -> None:
    if event.anchor is not None or event.tag is not None or size > MAX_SCALAR // 4:
        raise _NotPlainError


def _mapping(parts: list[Any]) -> dict[str, Plain]:
    keys = parts[::2]
    if not _TEXT.issuperset(map(type, keys)):
        raise _NotPlainError
    made = dict(zip(keys, parts[1::2], strict=True))
    if len(made) != len(keys) or "<<" in made:
        raise _NotPlainError
    return made
