"""The plain data of a text that is written line by line, as nearly all contracts are.

Keys that are words, values that end on their line, lists, literal and folded blocks: one pattern
takes such lines apart, several times as fast as events come. Any other line, and any doubt about
where it belongs, ends the reading; libyaml then reads the text, and both come to the same data
(a test holds them against each other).
"""

from __future__ import annotations

import re
from typing import Any, Final

from pv.yamlfile.nodes import Plain
from pv.yamlfile.scalars import FIXED, TooManyDigitsError, resolve_plain

LONGEST: Final = 144 * 1024
"""Characters of a text that is read here. A node takes one and a half of them or more, so that the
reader's limit of nodes is out of reach; that of one text is, where `_MOST_BYTES` are."""
_MOST_BYTES: Final = 256 * 1024
_SHORT: Final = _MOST_BYTES // 4
_DEEPEST: Final = 48
_DEEPEST_FLOW: Final = 8
_DOUBLE: Final = r'"[^"\\\n]*"|"[^"\\\n]*(?:\\["\\][^"\\\n]*)+"'
_SINGLE: Final = r"'[^'\n]*(?:''[^'\n]*)*'"
_FIRST: Final = r"(?:[^\s\-?:,\[\]{}#&*!|>'\"%@`]|-(?=\d))"
_PLAIN: Final = rf"{_FIRST}[^\n:#]*$|{_FIRST}[^\n:#]*(?:(?::(?! |$)|(?<! )#)[^\n:#]*)*"
"""The commonest form of each stands before the one that can be anything, and takes less time."""
_LINE: Final = re.compile(
    r"^( *)(?:((?:- +)?)(?:([A-Za-z_][\w.\-]{0,99}):(?= |$) *)?"
    rf"({_DOUBLE}|{_PLAIN}|{_SINGLE}|[\[{{][^\n]*[\]}}]|[|>]-?)?"
    r"(?: +#[^\n]*| *)|([^ \n][^\n]*))$",
    re.ASCII | re.MULTILINE,
)
"""Indent, dash, key and value of a line; or what else stands there, comments included."""
_TOKEN: Final = re.compile(
    rf" *(?:([\[\]{{}},]|:(?= )|{_DOUBLE}|{_SINGLE}|{_FIRST}[^,\[\]{{}}:?#\"']*)|\S)", re.ASCII
)
"""A token of a list or mapping on one line; empty for what may not stand there."""
_QUOTED_ITEMS: Final = re.compile(r'\["[^"\\]*"(?:, "[^"\\]*")*\]')
"""The commonest list on one line."""
_OPENING: Final = frozenset("[{")
_BLOCK: Final = frozenset("|>")
_BASES: Final = frozenset({"0x", "0o"})
_QUOTES: Final = frozenset("\"'")
_NOTHING: Final = frozenset({"", "#"})
"""What a line begins with that says nothing."""
_SIGNS: Final = frozenset("]},:")
_ESCAPED: Final = re.compile(r'\\(["\\])')
_MAY_BE_OTHER: Final = frozenset("0123456789+-.~nNtTfF")


class LeftError(Exception):
    """The text is not written in the way that is read here."""


def read_lines(text: str) -> dict[str, Plain] | None:
    """Return the mapping that a text holds, or None where it has to be read in another way."""
    if len(text) > LONGEST or "\t" in text or "\r" in text or text[-1:] != "\n":
        return None
    if len(text) > _SHORT and len(text.encode()) > _MOST_BYTES:
        return None
    lines = text.split("\n")
    found = _LINE.findall(text)
    if len(found) != len(lines):
        return None
    try:
        return _mapping(found, lines) or None
    except (LeftError, TooManyDigitsError):
        return None


class _Place:
    """Where the next line belongs: the innermost open mapping or list, and those around it."""

    __slots__ = ("indent", "inside", "outer", "waiting")

    def __init__(self, root: dict[str, Any]) -> None:
        self.inside: Any = root
        self.indent = 0
        self.waiting: str | None = None
        """The key above, where nothing stood behind it."""
        self.outer: list[tuple[int, Any]] = []

    def find(self, column: int, dash: str) -> None:
        """Open or close what a line at a column opens or closes. Raises LeftError."""
        if self.waiting is not None:
            if column > self.indent or (dash and column == self.indent):
                inner: Any = [] if dash else {}
                self.inside[self.waiting] = inner
                self._open(inner, column)
            self.waiting = None
        while column < self.indent or (
            column == self.indent and not dash and type(self.inside) is list
        ):
            self.indent, self.inside = self.outer.pop() if self.outer else (-1, None)
        if column != self.indent or (type(self.inside) is list) is not bool(dash):
            raise LeftError

    def add_mapping(self, indent: int) -> None:
        """Open the mapping that begins behind a dash."""
        inner: dict[str, Any] = {}
        self.inside.append(inner)
        self._open(inner, indent)

    def _open(self, inner: Any, indent: int) -> None:
        self.outer.append((self.indent, self.inside))
        if len(self.outer) > _DEEPEST:
            raise LeftError
        self.inside, self.indent = inner, indent


def _mapping(found: list[tuple[str, ...]], lines: list[str]) -> dict[str, Plain]:
    """Return the mapping that lines hold. Raises LeftError."""
    root: dict[str, Any] = {}
    place = _Place(root)
    inside: Any = root
    indent = skip = 0
    bent = False
    """Whether even a key at the indent of the one above may belong elsewhere."""
    for at, (spaces, dash, key, value, other) in enumerate(found):
        if at < skip or (not (key or value or dash) and other[:1] in _NOTHING):
            continue
        if dash or bent or len(spaces) != indent:
            place.find(len(spaces), dash)
            if dash and key:
                place.add_mapping(len(spaces) + len(dash))
            inside, indent, bent = place.inside, place.indent, False
        if not value:
            made, place.waiting, bent = None, key, True
        elif value[0] == '"' and "\\" not in value:
            made = value[1:-1]
        elif value[0] in _BLOCK:
            made, skip = _block(value, lines, at + 1, indent)
        else:
            made = _value(value)
        if key:
            if key in inside or key in FIXED:
                raise LeftError
            inside[key] = made
        elif dash and value:
            inside.append(made)
            bent = True
        else:
            raise LeftError  # among them lines of any other form
    return root


def _value(value: str) -> Any:
    """Return the value that ends on its line."""
    first = value[0]
    if first in _QUOTES:
        return _unquoted(value)
    if first in _OPENING:
        if _QUOTED_ITEMS.fullmatch(value):
            return value[2:-2].split('", "')
        tokens = _TOKEN.findall(value)
        made, end = _flow(tokens, 0, 0)
        if end != len(tokens):
            raise LeftError
        return made
    if value[-1] == " ":
        value = value.rstrip(" ")
    return _resolved(value) if first in _MAY_BE_OTHER else value


def _resolved(value: str) -> Plain:
    """Return the value of an unquoted scalar.

    A decimal integer is written as Python writes it, and what is read as 0 is 0: nobody has to
    look.
    """
    found = resolve_plain(value)
    if type(found) is int and str(found) != value and value[:2] not in _BASES:
        raise LeftError
    if type(found) is float and found == 0 and value.strip("+-0."):
        raise LeftError
    return found


def _unquoted(value: str) -> str:
    inner = value[1:-1]
    if value[0] == "'":
        return inner.replace("''", "'") if "'" in inner else inner
    return _ESCAPED.sub(r"\1", inner) if "\\" in inner else inner


def _block(header: str, lines: list[str], first: int, indent: int) -> tuple[str, int]:
    """Return the text of a literal or folded block, and the first line behind it."""
    start = lines[first]
    inner = len(start) - len(start.lstrip(" "))
    if inner <= indent or inner == len(start):
        raise LeftError
    margin = start[:inner]
    parts: list[str] = []
    end = first
    for end in range(first, len(lines)):
        line = lines[end]
        if line.startswith(margin):
            parts.append(line[inner:])
            if not line.strip(" ") and len(line) > inner:
                raise LeftError  # blanks that count
        elif line.strip(" "):
            break
        else:
            parts.append("")
    while not parts[-1]:
        parts.pop()
    text = "\n".join(parts) if header[0] == "|" else _folded(parts)
    return (text if header[1:] else text + "\n"), end


def _folded(parts: list[str]) -> str:
    found = [parts[0]]
    blank = 0
    for part in parts[1:]:
        if part[:1] == " ":
            raise LeftError  # what is indented further is not folded
        if not part:
            blank += 1
            continue
        found.append("\n" * blank or " ")
        found.append(part)
        blank = 0
    return "".join(found)


def _flow(tokens: list[str], at: int, depth: int) -> tuple[Any, int]:
    """Return the list or mapping that begins at a token, and the token behind it."""
    if depth > _DEEPEST_FLOW:
        raise LeftError
    closing = "]" if tokens[at] == "[" else "}"
    pairs: dict[str, Any] = {}
    items: list[Any] = []
    at += 1
    if tokens[at : at + 1] == [closing]:
        return (items if closing == "]" else pairs), at + 1
    while at + 1 < len(tokens):
        key = ""
        if closing == "}":
            key = tokens[at].rstrip(" ")
            if not key[:1].isalpha() or tokens[at + 1] != ":" or key in pairs or key in FIXED:
                raise LeftError
            at += 2
        made, at = _flow_value(tokens, at, depth)
        if closing == "}":
            pairs[key] = made
        else:
            items.append(made)
        sign = tokens[at] if at < len(tokens) else ""
        if sign == closing:
            return (items if closing == "]" else pairs), at + 1
        if sign != ",":
            break
        at += 1
    raise LeftError


def _flow_value(tokens: list[str], at: int, depth: int) -> tuple[Any, int]:
    token = tokens[at] if at < len(tokens) else ""
    if token in {"[", "{"}:
        return _flow(tokens, at, depth + 1)
    if token[:1] in {'"', "'"}:
        return _unquoted(token), at + 1
    if not token or token in _SIGNS:
        raise LeftError
    value = token.rstrip(" ")
    return (_resolved(value) if value[0] in _MAY_BE_OTHER else value), at + 1
