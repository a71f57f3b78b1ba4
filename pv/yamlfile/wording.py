"""The words in which problems name places and values."""

from __future__ import annotations

import re
from typing import Final

from pv.model.contract import Path
from pv.yamlfile.nodes import Mapping, Node, Scalar, Sequence
from pv.yamlfile.shapes import Key, Section, Shape, expected

_NUMBER: Final = re.compile(r"[-+]?(\d+(\.\d*)?|\.\d+)([eE][-+]?\d+)?", re.ASCII)
_ROOTS: Final = frozenset({"contract", "binding table"})
"""Labels of whole documents, which messages about their parts leave out."""
_SHOWN: Final = 40
"""Characters of a value that a message quotes."""


def found(node: Node) -> str:
    """Return the words for what stands there."""
    if isinstance(node, Sequence):
        return "a list"
    if isinstance(node, Mapping):
        return "a mapping"
    if node.value is None:
        return "empty"
    if isinstance(node.value, bool):
        return node.text
    return (
        f"text {shown(node.text)}" if isinstance(node.value, str) else f"number {clip(node.text)}"
    )


def is_number(text: str) -> bool:
    """Tell whether a text is a number that someone put in quotes."""
    return _NUMBER.fullmatch(text.strip()) is not None


def shown(text: str) -> str:
    """Return a text as a message quotes it: on one line, and cut where it is long."""
    line = " ".join(text.split())
    return f'"{line[:_SHOWN]}…"' if len(line) > _SHOWN else f'"{line}"'


def repair(node: Node, shape: Shape) -> str:
    """Return what to do about a value of the wrong type."""
    if isinstance(node, Scalar):
        if Shape.TEXT in shape and not isinstance(node.value, str):
            return f'quote it: "{clip(node.text)}"'
        if shape & (Shape.TEXTS | Shape.NUMBERS):
            return "write a list: a line each, starting with a dash"
    if Shape.TEXT in shape and isinstance(node, Mapping):
        return "put quotes around the whole sentence"
    return f"write {expected(shape)}"


def hint(key: Key) -> str:
    """Return what belongs under a missing key."""
    return key.help[0].lower() + key.help[1:] if key.help else expected(key.shape)


def label_of(node: Mapping, section: Section, path: Path, context: str) -> str:
    """Return how messages name a mapping: by its id, else by its place."""
    own = section.noun
    for name in section.labels:
        value = node.get(name)
        if isinstance(value, Scalar) and value.text:
            own = f"{section.noun} {clip(value.text)}"
            break
    else:
        last = path[-1]
        own = last if isinstance(last, str) else f"{path[-2]}[{last}]"
        if context == f"{section.noun} {own}":
            return context
    return f"{context}, {own}" if context and context not in _ROOTS else own


def clip(text: str) -> str:
    """Return a name as a message holds it: on one line, and cut where it is very long."""
    line = " ".join(text.split())
    return line if len(line) <= _SHOWN * 2 else line[: _SHOWN * 2] + "…"
