"""How a section of a contract is described: its keys, what each may hold, and near misses."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Flag, auto
from functools import cache, lru_cache
from typing import Any, Final

from pv.model.contract import Dialect

LANGUAGE = (Dialect.PV, Dialect.SHIP)
"""The dialects whose keys are the contract language; keys of the others are only read."""

ONLY_TEXT: Final = frozenset({str})
"""The types of values that are all texts."""
_LONGEST_FORM: Final = 64
_MOST_FORMS: Final = 1024
"""Of one section; authors who write each mapping in a form of its own are rare."""
NEAR = 0.8
"""Similarity (difflib ratio) from which an unknown key counts as a misspelt known one."""
_SEPARATORS: Final = str.maketrans("- .", "___")
_SEVERAL: Final = re.compile("__+")


class Shape(Flag):
    """What may stand under a key; shapes are joined with `|` where several may."""

    TEXT = auto()
    NUMBER = auto()
    """Finite; whole or not."""
    INTEGER = auto()
    FLAG = auto()
    DATE = auto()
    DECIMAL = auto()
    """A number of 0 or more, kept as written, so that sums stay exact."""
    DIGEST = auto()
    """A SHA-256 as 64 hexadecimal digits, or the word `unrecorded`."""
    TEXTS = auto()
    NUMBERS = auto()
    RECORD = auto()
    """A mapping with the keys of a section."""
    RECORDS = auto()
    """A list of such mappings."""
    NAMED = auto()
    """A mapping from names to such mappings."""
    DECIMALS = auto()
    """A mapping from names to numbers of 0 or more, kept as written."""
    FREE = auto()
    """A mapping whose keys its author chooses."""
    ITEMS = auto()
    """A list of anything."""
    ANY = auto()


WORDS: Mapping[Shape, str] = {
    Shape.TEXT: "text",
    Shape.NUMBER: "a number",
    Shape.INTEGER: "a whole number",
    Shape.FLAG: "true or false",
    Shape.DATE: "a date (YYYY-MM-DD)",
    Shape.DECIMAL: "a number of 0 or more",
    Shape.DIGEST: "a SHA-256 (64 hexadecimal digits) or unrecorded",
    Shape.TEXTS: "a list of texts",
    Shape.NUMBERS: "a list of numbers",
    Shape.RECORD: "a mapping",
    Shape.RECORDS: "a list of mappings",
    Shape.NAMED: "a mapping from names to mappings",
    Shape.DECIMALS: "a mapping from names to numbers",
    Shape.FREE: "a mapping",
    Shape.ITEMS: "a list",
}


def expected(shape: Shape) -> str:
    """Return the words for what may stand under a key."""
    words = dict.fromkeys(word for one, word in WORDS.items() if one in shape)
    return " or ".join(words)


@dataclass(frozen=True, slots=True)
class Key:
    """One known key of a section."""

    name: str
    shape: Shape
    help: str
    """One line for editors and documents."""
    section: str = ""
    """The section of the mappings below, for the shapes RECORD, RECORDS and NAMED."""
    required: bool = False
    since: Dialect = Dialect.PV
    """PV and SHIP keys are the contract language; others are only read."""
    means: str = ""
    """The key of the contract language whose meaning an older key has."""
    bits: int = field(init=False, repr=False, compare=False)
    """`shape` as a number: asking a flag takes ten times as long."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "bits", self.shape.value)

    def plain_types(self) -> frozenset[type]:
        """Return the types of values that need no second look here, unless they are empty."""
        return _plain_types(self.bits)


@cache  # as many as there are combinations of shapes in the key tables
def _plain_types(bits: int) -> frozenset[type]:
    shape = Shape(bits)
    if Shape.ANY in shape:
        return frozenset({str, bool, int, float, list, dict})
    types: list[type] = []
    if Shape.TEXT in shape and not shape & (Shape.DATE | Shape.DIGEST):
        types.append(str)
    if Shape.FLAG in shape:
        types.append(bool)
    if Shape.ITEMS in shape and Shape.RECORDS not in shape:
        types.append(list)
    if Shape.FREE in shape and not shape & (Shape.RECORD | Shape.NAMED | Shape.DECIMALS):
        types.append(dict)
    return frozenset(types)


@dataclass(frozen=True, slots=True)
class Section:
    """The keys of one kind of mapping."""

    name: str
    noun: str
    """What messages call such a mapping."""
    keys: Mapping[str, Key]
    patterns: tuple[re.Pattern[str], ...] = ()
    """Families of known keys, such as one status per version."""
    labels: tuple[str, ...] = ("id", "name")
    """The keys that tell one such mapping from another in messages."""
    unchecked: bool = False
    """Whether unknown keys are kept here without a word, because the document is reported whole."""
    required: frozenset[str] = field(init=False)
    """Names of the keys that have to be there."""
    listing: frozenset[str] = field(init=False)
    """Names of the keys that may hold a list of texts."""
    forms: dict[tuple[object, ...], Sequence[str] | None] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )
    """Keys and types of mappings met so far, to the keys that need a second look there.

    None where all is sound; of values that are empty nothing is known.
    """

    def __post_init__(self) -> None:
        needed = frozenset(name for name, key in self.keys.items() if key.required)
        object.__setattr__(self, "required", needed)
        listing = (name for name, key in self.keys.items() if Shape.TEXTS in key.shape)
        object.__setattr__(self, "listing", frozenset(listing))

    @property
    def language(self) -> dict[str, Key]:
        """The keys that belong to the contract language itself."""
        return {name: key for name, key in self.keys.items() if key.since in LANGUAGE}

    def unplain(self, data: dict[str, Any]) -> Sequence[str] | None:
        """Return the keys of a mapping whose values need a second look; None: it is all sound.

        Mappings of one form are common, so what their keys and types say is worked out once.
        """
        form: tuple[object, ...] = (*data, *map(type, data.values()))
        names = self.forms.get(form, ())
        if names == ():  # which no form is kept with
            names = self._learn(form, data)
        if names:
            names = self._unlisted(data, names)
        if all(data.values()):
            return names
        return [name for name, value in data.items() if not value or name in (names or ())]

    def _unlisted(self, data: dict[str, Any], names: Sequence[str]) -> Sequence[str] | None:
        """Return the names without those of lists of texts, None where that leaves all sound."""
        listing = self.listing
        left = [
            name
            for name in names
            if name not in listing
            or type(data[name]) is not list
            or not ONLY_TEXT.issuperset(map(type, data[name]))
        ]
        return left if left or not data.keys() >= self.required else None

    def _learn(self, form: tuple[object, ...], data: dict[str, Any]) -> Sequence[str] | None:
        names: Sequence[str] | None = [
            name
            for name, value in data.items()
            if (key := self.keys.get(name)) is None or type(value) not in key.plain_types()
        ]
        if not names and data.keys() >= self.required:
            names = None
        if len(form) <= _LONGEST_FORM and len(self.forms) < _MOST_FORMS:
            self.forms[form] = names
        return names

    def known(self, name: str) -> bool:
        """Tell whether a key is understood here."""
        if self.unchecked or name in self.keys:
            return True
        return any(pattern.fullmatch(name) for pattern in self.patterns)

    def nearest(self, name: str) -> str | None:
        """Return the known key that `name` is probably meant to be, or None."""
        return nearest(name, tuple(self.keys))


def section(
    name: str,
    noun: str,
    *keys: Key,
    patterns: Iterable[str] = (),
    labels: tuple[str, ...] = ("id", "name"),
) -> Section:
    """Return a section with its keys in a table."""
    table = {key.name: key for key in keys}
    return Section(name, noun, table, tuple(map(re.compile, patterns)), labels)


WORDY = Shape.TEXT | Shape.NUMBER | Shape.FLAG | Shape.TEXTS | Shape.FREE | Shape.ITEMS
"""Anything but nothing: for keys that are kept and not interpreted."""


def older(name: str, shape: Shape = WORDY, means: str = "", inside: str = "") -> Key:
    """Return an older key that has the meaning of one of ours; `inside` names its section."""
    return Key(name, shape, f"older spelling of {means}", inside, False, Dialect.LEGACY, means)


def kept(names: str, since: Dialect = Dialect.LEGACY) -> tuple[Key, ...]:
    """Return keys that are understood, have no place of their own, and are kept as written."""
    return tuple(Key(name, WORDY, "kept as written", since=since) for name in names.split())


@lru_cache(maxsize=4096)
def nearest(word: str, known: tuple[str, ...]) -> str | None:
    """Return the known word that `word` probably stands for, or None.

    Case and separators do not count; then comes a word one edit away, then the most similar one,
    if it is similar enough.
    """
    folded = {_fold(name): name for name in known}
    own = _fold(word)
    if (same := folded.get(own)) is not None:
        return same
    size = len(own)
    edited = [name for name in folded if -2 < len(name) - size < 2 and _one_edit(own, name)]
    close = edited or difflib.get_close_matches(own, _similar(own, folded), n=1, cutoff=NEAR)
    return folded[close[0]] if close else None


def _similar(own: str, names: Iterable[str]) -> list[str]:
    """Return the names that may be near enough: a registry has thousands, and few letters agree.

    A letter that only one of the two has can be part of no match.
    """
    without = dict.fromkeys(map(ord, own))
    size = len(own)
    found = []
    for name in names:
        total = size + len(name)
        shared = min(size, len(name) - len(name.translate(without)))
        if 2.0 * shared / total >= NEAR:
            found.append(name)
    return found


def is_slip(word: str, known: str) -> bool:
    """Tell whether a word is a known one but for case, separators or one edit."""
    return _fold(word) == _fold(known) or _one_edit(_fold(word), _fold(known))


def _one_edit(one: str, other: str) -> bool:
    """Tell whether two words differ by one letter, or by two neighbours that changed places.

    Of words of two letters only the swap counts: any other edit makes another word.
    """
    short, long = sorted((one, other), key=len)
    if len(long) - len(short) > 1 or len(long) < 2:
        return False
    start = 0
    while start < len(short) and short[start] == long[start]:
        start += 1
    if len(short) < len(long):
        return short[start:] == long[start + 1 :]
    swapped = long[start + 1 : start + 2] + long[start : start + 1] + long[start + 2 :]
    return short[start:] == swapped or (len(long) > 2 and short[start + 1 :] == long[start + 1 :])


def _fold(word: str) -> str:
    folded = word.casefold().translate(_SEPARATORS)
    return (_SEVERAL.sub("_", folded) if "__" in folded else folded).strip("_")
