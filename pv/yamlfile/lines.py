"""The plain data of a text that is written line by line, as nearly all contracts are.

Keys that are words, values that end on their line, lists, literal and folded blocks: one pattern
takes such lines apart, several times as fast as events come. What stands before a value is learned
by that, and seldom looked at again: contracts share their keys. Any other line, and any doubt about
where it belongs, ends the reading; libyaml then reads the text, and both come to the same data
(a test holds them against each other).
"""

from __future__ import annotations

import re
from string import ascii_letters
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
_DOUBLE: Final = r'"[^"\\\n]*"|"[^"\\\n]*(?:\\["\\nt][^"\\\n]*)+"'
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
_CLOSING: Final = frozenset("]}")
_BLOCK: Final = frozenset("|>")
_BASES: Final = frozenset({"0x", "0o"})
_QUOTES: Final = frozenset("\"'")
_SIGNS: Final = frozenset("]},:")
_SIGNS_OF_NUMBERS: Final = frozenset("+-._")
_NO_SIGNS: Final = str.maketrans("", "", "-._")
_ESCAPED: Final = re.compile(r'\\(["\\nt])')
_MEANT: Final = {'"': '"', "\\": "\\", "n": "\n", "t": "\t"}
_LETTERS: Final = frozenset(ascii_letters)
"""With one of them begin texts, and the few words that stand for something else."""
_MAY_BE_OTHER: Final = frozenset("0123456789+-.~nNtTfF")

_SHORT_TEXT: Final = 160
_MOST_LEARNED: Final = 4096
_LASTING: Final = frozenset({str, int, float, bool, tuple})
_BEFORE_VALUES: Final[dict[str, tuple[int, str, str]]] = {}
"""What stood before a colon and a blank so far: to indent, dash and key."""
_ALONE: Final[dict[str, tuple[int, str, str]]] = {}
"""The same of lines that end with their colon."""
_SIMPLE: Final[dict[str, Any]] = {}
"""Values without quotes that were met so far."""


class LeftError(Exception):
    """The text is not written in the way that is read here."""


def read_lines(text: str) -> dict[str, Plain] | None:
    """Return the mapping that a text holds, or None where it has to be read in another way."""
    if len(text) > LONGEST or "\t" in text or "\r" in text or text[-1:] != "\n":
        return None
    if len(text) > _SHORT and len(text.encode()) > _MOST_BYTES:
        return None
    try:
        return _mapping(text.split("\n")) or None
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

    def find(self, column: int, dash: str, key_at: int) -> None:
        """Open or close what a line at a column opens or closes. Raises LeftError.

        With a dash, and a key at the column `key_at` behind it, a mapping opens in the list.
        """
        inside, indent, outer = self.inside, self.indent, self.outer
        if self.waiting is not None:
            if column > indent or (dash and column == indent):
                inner: Any = [] if dash else {}
                inside[self.waiting] = inner
                outer.append((indent, inside))
                inside, indent = inner, column
            self.waiting = None
        while column < indent or (column == indent and not dash and type(inside) is list):
            indent, inside = outer.pop() if outer else (-1, None)
        if column != indent or (type(inside) is list) is not bool(dash):
            raise LeftError
        if dash and key_at:
            outer.append((indent, inside))
            inner = {}
            inside.append(inner)
            inside, indent = inner, key_at
        if len(outer) > _DEEPEST:
            raise LeftError
        self.inside, self.indent = inside, indent


def _mapping(lines: list[str]) -> dict[str, Plain]:  # noqa: PLR0912 - calls for each line take longer
    """Return the mapping that lines hold. Raises LeftError.

    What stands before a value is learned once, and simple values need no pattern.
    """
    root: dict[str, Any] = {}
    place = _Place(root)
    inside: Any = root
    indent = skip = 0
    bent = False
    """Whether even a key at the indent of the one above may belong elsewhere."""
    for at, line in enumerate(lines):
        if at < skip:
            continue
        head, colon, value = line.partition(": ")
        known = _BEFORE_VALUES.get(head) if colon else _ALONE.get(line)
        made = _quick(value) if known is not None and value else None
        if known is None or (value and made is None):
            column, dash, key, value = _taken_apart(line)
            if not (dash or key or value):
                continue
            if value[:1] in _BLOCK:
                made, skip = _block(value, lines, at + 1, column + len(dash) if key else column)
            elif value:
                made = _value(value)
                _learn(_SIMPLE, value, made)
        else:
            column, dash, key = known
        if dash or bent or column != indent:
            place.find(column, dash, column + len(dash) if key else 0)
            inside, indent, bent = place.inside, place.indent, False
        if not value:
            place.waiting, bent = key, True
        if key:
            if key in inside:
                raise LeftError
            inside[key] = made
        elif dash and value:
            inside.append(made)
            bent = True
        else:
            raise LeftError
    return root


def _quick(value: str) -> Any:
    """Return the value that stands behind a known key, or None where a pattern has to tell."""
    first = value[0]
    if first in _QUOTES:
        ended = value.find(first, 1) == len(value) - 1
        return value[1:-1] if ended and "\\" not in value else None
    if first in _OPENING:
        return _value(value) if value[-1] in _CLOSING else None
    if first not in _LETTERS or ":" in value or "#" in value or value[-1] == " ":
        return _SIMPLE.get(value)
    return None if value in FIXED else value


def _taken_apart(line: str) -> tuple[int, str, str, str]:
    """Return indent, dash, key and value of a line, and learn what stands before the value.

    All are empty for a line that says nothing. Raises LeftError for one of any other form.
    """
    found = _LINE.match(line)
    if found is None:
        raise LeftError
    spaces, dash, key, value, other = found.groups("")
    if other and other[0] != "#":
        raise LeftError
    if key:
        if key in FIXED:
            raise LeftError
        head, colon, _ = line.partition(": ")
        if head == spaces + dash + key + ("" if colon else ":"):
            _learn(_BEFORE_VALUES if colon else _ALONE, head, (len(spaces), dash, key))
    return len(spaces), dash, key, value


def _value(value: str) -> Any:
    """Return the value that ends on its line."""
    first = value[0]
    if first in _QUOTES:
        return _unquoted(value)
    if first in _OPENING:
        if _QUOTED_ITEMS.fullmatch(value):
            return value[2:-2].split('", "')
        if (easy := _easy(value)) is not None:
            return easy
        tokens = _TOKEN.findall(value)
        made, end = _flow(tokens, 0, 0)
        if end != len(tokens):
            raise LeftError
        return made
    if value[-1] == " ":
        value = value.rstrip(" ")
    return _resolved(value) if first in _MAY_BE_OTHER else value


def _easy(value: str) -> Any:
    """Return a list or mapping of simple values, of which the last may be a list of texts.

    None where there is any doubt: then tokens tell.
    """
    closing = "]" if value[0] == "[" else "}"
    if value[-1] != closing:
        return None
    items: list[Any] = []
    pairs: dict[str, Any] = {}
    rest = value[1:-1].strip(" ")
    while rest:
        part, comma, behind = rest.partition(", ")
        key = ""
        if closing == "}":
            key, _, part = part.partition(": ")
            if not key.isidentifier() or key in pairs or key in FIXED:
                return None
            if part[:1] == "[" and _QUOTED_ITEMS.fullmatch(part + comma + behind):
                pairs[key] = (part + comma + behind)[2:-2].split('", "')
                return pairs
        made = _easy_item(part)
        if made is None or (comma and not behind):
            return None
        if key:
            pairs[key] = made
        else:
            items.append(made)
        rest = behind
    return pairs if closing == "}" else items


def _easy_item(part: str) -> Any:
    if part[:1] == '"':
        return part[1:-1] if part.find('"', 1) == len(part) - 1 and "\\" not in part else None
    if part[:1] in _SIGNS_OF_NUMBERS or not part.translate(_NO_SIGNS).isalnum():
        return None
    return _resolved(part) if part[0] in _MAY_BE_OTHER else part


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
    return _ESCAPED.sub(lambda found: _MEANT[found[1]], inner) if "\\" in inner else inner


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


def _learn(known: dict[str, Any], text: str, found: Any) -> None:
    """Remember what a short text stands for, where that is no list or mapping."""
    if len(text) <= _SHORT_TEXT and type(found) in _LASTING:
        if len(known) >= _MOST_LEARNED:
            known.clear()
        known[text] = found


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
