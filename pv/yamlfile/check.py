"""Plain data against the key tables: every fault is noted with its place, what is sound is kept.

A faulty value is left out of the result and its neighbours stay, so one bad entry fails itself
only. Nodes are asked for only where a place or the text of a number as written is needed.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date
from functools import lru_cache
from sys import float_info
from typing import Any, Final, TypeAlias

from pv.model.contract import Path
from pv.yamlfile.checked import Checked, Label
from pv.yamlfile.keys import SECTIONS
from pv.yamlfile.nodes import Mapping, Node, Scalar, find
from pv.yamlfile.places import span_at
from pv.yamlfile.proposals import as_day, as_digest, rename
from pv.yamlfile.respell import How, Proposal
from pv.yamlfile.schema_problems import SchemaCode, SchemaProblem
from pv.yamlfile.shapes import LANGUAGE, ONLY_TEXT, Key, Section, Shape, expected, is_slip
from pv.yamlfile.wording import clip, found, hint, is_number, label_of, repair, shown

_DIGEST = re.compile(r"[0-9a-f]{64}|unrecorded")
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_DECIMAL = re.compile(r"(\d+(\.\d*)?|\.\d+)([eE][-+]?\d+)?", re.ASCII)
_NOT_ZERO = re.compile(r"[-+]?[0.]*[1-9]")
"""A number that is more than 0 as it is written."""
_TEXT, _NUMBER, _INTEGER = Shape.TEXT.value, Shape.NUMBER.value, Shape.INTEGER.value
_DATE, _FLAG, _SUM = Shape.DATE.value, Shape.FLAG.value, Shape.DECIMAL.value
_HASH, _ANY, _FREE = Shape.DIGEST.value, Shape.ANY.value, Shape.FREE.value
_TEXTS, _NUMBERS, _ITEMS = Shape.TEXTS.value, Shape.NUMBERS.value, Shape.ITEMS.value
_RECORD, _RECORDS, _NAMED = Shape.RECORD.value, Shape.RECORDS.value, Shape.NAMED.value
_SUMS = Shape.DECIMALS.value
_ONLY_MAPPINGS: Final = frozenset({dict})
_ID = re.compile(r"[A-Z][A-Z0-9]*(-[A-Z0-9]+)+")

MAX_PROBLEMS: Final = 200
"""Problems of one contract; more of them help nobody, and looking for near misses takes time."""


class _Absent:
    """Marks a value that was faulty and is left out."""


_ABSENT: Final = _Absent()


Inside: TypeAlias = "Label | str"
"""The words for what something stands in."""


class Checker:
    """Checks one document and collects its problems."""

    def __init__(
        self,
        data: Any,
        file: str,
        above: Callable[[Path], Node],
        *,
        spelt: Callable[[], bool] = lambda: False,
        zeros: bool = False,
    ) -> None:
        self.data = data
        self._integers, self._zeros = spelt, zeros
        self.file = file
        self.problems: list[SchemaProblem] = []
        self._above = above
        """Returns a node in which a path can be followed."""

    def note(
        self,
        code: SchemaCode,
        path: Path,
        message: str,
        advice: str = "",
        *,
        key: bool = False,
        old: str = "",
        proposal: Proposal | None = None,
    ) -> None:
        """Note a problem at the value of `path`, or at its key; after too many, only that.

        `proposal` says what should stand there instead of `old`.
        """
        if self.full:
            return
        span = span_at(self._above(path), self.file, path, key)
        if len(self.problems) == MAX_PROBLEMS:
            code, advice = SchemaCode.PROBLEM_FLOOD, "repair the first ones and judge again"
            message = f"contract: more than {MAX_PROBLEMS} problems, the rest is not shown"
            proposal = None
        self.problems.append(SchemaProblem(code, message, span, advice, path, old, proposal))

    @property
    def full(self) -> bool:
        """Whether so many problems are noted that no more are looked for."""
        return len(self.problems) > MAX_PROBLEMS

    def mapping(
        self, data: dict[str, Any], section: Section, path: Path, inside: Inside = ""
    ) -> Checked:
        """Check one mapping against its section; `inside` says in what it stands."""
        unplain = section.unplain(data)
        if unplain is None:
            return Checked(path, (self, section, path, inside), data)
        label = Label(self, section, path, inside)
        values = dict(data)
        result = Checked(path, label, values)
        for name in unplain:
            value, key = data[name], section.keys.get(name)
            if key is None:
                if not name.startswith("x-") and not section.known(name):
                    result.faulty |= {self._unknown(data, name, section, result)}
                    del values[name]
                continue
            sound = self._value(value, key, (*path, name), label)
            if sound is _ABSENT:
                result.faulty |= {name}
            if sound is _ABSENT or sound is None:
                del values[name]
            else:
                values[name] = sound
        if not values.keys() >= section.required:
            self._missing(section, result)
        return result

    def label(self, section: Section, path: Path, inside: str) -> str:
        """As `Labeller.label`."""
        if not path:
            return section.noun
        node = find(self._above(path), path)
        return label_of(node, section, path, inside) if isinstance(node, Mapping) else ""

    def records(self, path: Path, section: str) -> tuple[Checked, ...]:
        """Check every mapping of the list at `path` against a section."""
        items = self.data
        for step in path:
            items = items[step]
        return tuple(
            self.mapping(item, SECTIONS[section], (*path, index))
            for index, item in enumerate(items if isinstance(items, list) else ())
            if isinstance(item, dict)
        )

    def _unknown(self, data: dict[str, Any], name: str, section: Section, result: Checked) -> str:
        """Note an unknown key and return the known one that it probably is.

        Beside the key that it looks like it is a slip only where hardly a letter differs.
        """
        meant = None if self.full else section.nearest(name)
        path, what = (*result.path, name), f"{result.label}: unknown key {shown(name)}"
        beside = meant in data
        if meant is None or (beside and not is_slip(name, meant)):
            advice = f"remove it, or write x-{clip(name)} if it is an extension"
            self.note(SchemaCode.UNKNOWN_KEY, path, what, advice, key=True)
            return name
        advice = f"did you mean {meant}{', which stands there too' if beside else ''}?"
        proposal = None if beside else rename(name, meant, section)
        self.note(
            SchemaCode.MISSPELT_KEY, path, what, advice, key=True, old=name, proposal=proposal
        )
        return meant

    def _missing(self, section: Section, result: Checked) -> None:
        present = set(result.values) | result.faulty
        present |= {section.keys[name].means for name in present if name in section.keys}
        for key in section.keys.values():
            if key.required and key.name not in present:
                what = f"{result.label}: {key.name} is missing"
                advice = f"add {key.name}: {hint(key)}"
                self.note(SchemaCode.MISSING_KEY, result.path, what, advice)

    # Values

    def _value(self, value: Any, key: Key, path: Path, inside: Inside) -> Any:
        if isinstance(value, dict):
            return self._map(value, key, path, inside)
        if isinstance(value, list):
            return self._list(value, key, path, inside)
        return self._scalar(value, key, path, inside)

    def _scalar(self, value: Any, key: Key, path: Path, inside: Inside) -> Any:
        bits = key.bits
        if value is None and key.since not in LANGUAGE and self._written(path):
            return None  # tables of other teams write null where there is nothing
        if value is None or (value == "" and key.required):
            advice = f"write {expected(key.shape) or 'its content'}, or remove the key"
            message = f"{inside}: {key.name} is empty"
            self.note(SchemaCode.EMPTY_VALUE, path, message, advice, key=True)
            return _ABSENT
        if bits & _ANY:
            return value
        if isinstance(value, bool):
            return value if bits & _FLAG else self._wrong(key, path, inside)
        if isinstance(value, str):
            return self._text(value, key, path, inside)
        return self._number(value, key, path, inside)

    def _written(self, path: Path) -> str:
        """Return the text of the scalar at a path as it is written."""
        node = find(self._above(path), path)
        return node.text if isinstance(node, Scalar) else ""

    def _spelt(self, value: float, path: Path) -> str:
        """Return how a number is written; looked up only where that cannot be told."""
        known = (value == 0 or type(value) is int) and self._integers()
        return str(value) if known else self._written(path)

    def _text(self, value: str, key: Key, path: Path, inside: Inside) -> Any:
        bits = key.bits
        if bits & _DATE:
            return self._date(value, key, path, inside)
        if bits & _HASH:
            return self._digest(value, key, path, inside)
        if bits & _SUM and _DECIMAL.fullmatch(value):
            return value
        numeric = bits & (_NUMBER | _INTEGER | _SUM)
        if numeric and not bits & _TEXT and is_number(value):
            self.note(
                SchemaCode.NUMBER_AS_TEXT,
                path,
                f"{inside}: {key.name} is text {shown(value)}, expected {expected(key.shape)}",
                f"write {value.strip()} without quotes",
                old=value,
                proposal=Proposal("remove the quotes", value.strip(), safe=True, how=How.REMOVE),
            )
            return _ABSENT
        return value if bits & _TEXT else self._wrong(key, path, inside)

    def _number(self, value: float, key: Key, path: Path, inside: Inside) -> Any:
        bits = key.bits
        wanted = bits & (_NUMBER | _INTEGER | _SUM)
        if wanted and not abs(value) <= float_info.max:  # an integer may be beyond every float
            self.note(
                SchemaCode.NOT_FINITE,
                path,
                f"{inside}: {key.name} is {clip(self._written(path))}, expected a finite number",
                "write the limit that is meant",
            )
            return _ABSENT
        doubtful = wanted and value == 0 and not self._zeros
        if doubtful and _NOT_ZERO.match(written := self._written(path)):
            self.note(
                SchemaCode.NOT_FINITE,
                path,
                f"{inside}: {key.name} is {clip(written)}, "
                "expected a number that is not rounded to 0",
                "write the limit that is meant, or 0",
            )
            return _ABSENT
        if bits & _SUM and _DECIMAL.fullmatch(written := self._spelt(value, path)):
            return written
        if bits & _HASH:
            return self._digest(self._written(path), key, path, inside)
        if bits & _NUMBER or (bits & _INTEGER and isinstance(value, int)):
            return value
        return self._wrong(key, path, inside)

    def _date(self, value: str, key: Key, path: Path, inside: Inside) -> Any:
        if not _is_day(value):
            self.note(
                SchemaCode.BAD_DATE,
                path,
                f"{inside}: {key.name} is {shown(value)}, expected a day of the calendar",
                "write it as YYYY-MM-DD",
                old=value,
                proposal=as_day(value),
            )
            return _ABSENT
        return value

    def _digest(self, value: str, key: Key, path: Path, inside: Inside) -> Any:
        if _DIGEST.fullmatch(value):
            return value
        self.note(
            SchemaCode.BAD_DIGEST,
            path,
            f"{inside}: {key.name} is {shown(value)} ({len(value)} characters), "
            "expected 64 hexadecimal digits in lower case",
            "write the digest of the file, or unrecorded until there is one",
            old=value,
            proposal=as_digest(value),
        )
        return _ABSENT

    # Collections

    def _list(self, items: list[Any], key: Key, path: Path, inside: Inside) -> Any:
        bits = key.bits
        if bits & _ANY or (bits & _ITEMS and not bits & _RECORDS):
            return items
        if not bits & (_RECORDS | _TEXTS | _NUMBERS):
            return self._wrong(key, path, inside)
        if bits & _TEXTS and ONLY_TEXT.issuperset(map(type, items)):
            return items
        if bits == _RECORDS and _ONLY_MAPPINGS.issuperset(map(type, items)):
            section = SECTIONS[key.section]
            return [
                self.mapping(item, section, (*path, at), inside) for at, item in enumerate(items)
            ]
        found = [self._item(item, key, (*path, at), inside) for at, item in enumerate(items)]
        sound = [item for item in found if item is not _ABSENT]
        # Numbers mean something together: a pair without one of them is another limit.
        return sound if len(sound) == len(found) or not bits & _NUMBERS else _ABSENT

    def _item(self, value: Any, key: Key, path: Path, inside: Inside) -> Any:
        bits = key.bits
        if isinstance(value, str) and bits & _TEXTS:
            return value
        place = f"{key.name}[{path[-1]}]"
        if isinstance(value, dict):
            section = SECTIONS.get(key.section) if bits & _RECORDS else None
            if bits & _TEXTS and not (section and value.keys() & section.keys.keys()):
                if key.since not in LANGUAGE and _is_numbered(value):
                    return value
                return self._accidental(value, path, inside, place)
            if section:
                return self.mapping(value, section, path, inside)
        one = Shape(0)
        if bits & _TEXTS:
            one |= Shape.TEXT
        if bits & _NUMBERS:
            one |= Shape.NUMBER
        if one and not isinstance(value, dict | list):
            return self._scalar(value, Key(place, one, ""), path, inside)
        return self._wrong(Key(place, one or Shape.RECORD, ""), path, inside)

    def _accidental(self, value: dict[str, Any], path: Path, inside: Inside, place: str) -> Any:
        first = next(iter(value), "")
        self.note(
            SchemaCode.ACCIDENTAL_MAPPING,
            path,
            f"{inside}: {place} is a mapping with the key {shown(first)}, expected text",
            "put quotes around the whole sentence: an unquoted colon and blank make a mapping",
            proposal=Proposal("quote the sentence", "", safe=True, how=How.ADD),
        )
        return _ABSENT

    def _map(self, value: dict[str, Any], key: Key, path: Path, inside: Inside) -> Any:
        bits = key.bits
        if bits & _ANY:
            return value
        if bits & _RECORD:
            return self.mapping(value, SECTIONS[key.section], path, inside)
        if bits & _NAMED:
            return self._named(value, key, path, inside)
        if bits & _SUMS:
            return self._decimals(value, path, inside)
        if bits & _FREE:
            return value
        return self._wrong(key, path, inside)

    def _named(
        self, data: dict[str, Any], key: Key, path: Path, inside: Inside
    ) -> dict[str, Checked]:
        section = SECTIONS[key.section]
        found: dict[str, Checked] = {}
        for name, value in data.items():
            own = f"{section.noun} {clip(name)}"
            if isinstance(value, dict):
                found[name] = self.mapping(value, section, (*path, name), own)
            elif not key.bits & _TEXT or isinstance(value, list):
                self._wrong(Key(own, Shape.RECORD, ""), (*path, name), inside)
        return found

    def _decimals(self, data: dict[str, Any], path: Path, inside: Inside) -> dict[str, str]:
        found = {}
        for name, value in data.items():
            number = self._value(value, Key(name, Shape.DECIMAL, ""), (*path, name), inside)
            if number is not _ABSENT:
                found[name] = number
        return found

    def _wrong(self, key: Key, path: Path, inside: Inside) -> _Absent:
        node = find(self._above(path), path)
        self.note(
            SchemaCode.WRONG_TYPE,
            path,
            f"{inside}: {key.name} is {found(node)}, expected {expected(key.shape)}",
            repair(node, key.shape),
        )
        return _ABSENT


@lru_cache(maxsize=1024)  # a registry has few days and many dates
def _is_day(text: str) -> bool:
    try:
        return bool(_DAY.fullmatch(text) and date.fromisoformat(text))
    except ValueError:
        return False


def _is_numbered(value: dict[str, Any]) -> bool:
    """Tell whether a mapping is one sentence under its id, as `C-PRB-001: …`."""
    return len(value) == 1 and _ID.fullmatch(next(iter(value))) is not None
