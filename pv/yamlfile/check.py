"""Nodes against the key tables: every fault is noted with its place, and what is sound is kept.

A faulty value is left out of the result and its neighbours stay, so one bad entry fails itself
only.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from sys import float_info
from typing import Any, Final

from pv.model.contract import Path
from pv.yamlfile.keys import SECTIONS
from pv.yamlfile.nodes import Mapping, Node, Scalar, Sequence, find, to_plain
from pv.yamlfile.places import span_at
from pv.yamlfile.proposals import as_day, as_digest, rename
from pv.yamlfile.respell import How, Proposal
from pv.yamlfile.schema_problems import SchemaCode, SchemaProblem
from pv.yamlfile.shapes import LANGUAGE, Key, Section, Shape, expected, is_slip
from pv.yamlfile.wording import clip, found, hint, is_number, label_of, repair, shown

_DIGEST = re.compile(r"[0-9a-f]{64}|unrecorded")
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_DECIMAL = re.compile(r"(\d+(\.\d*)?|\.\d+)([eE][-+]?\d+)?", re.ASCII)
_ID = re.compile(r"[A-Z][A-Z0-9]*(-[A-Z0-9]+)+")

MAX_PROBLEMS: Final = 200
"""Problems of one contract; more of them help nobody, and looking for near misses takes time."""


class _Absent:
    """Marks a value that was faulty and is left out."""


_ABSENT: Final = _Absent()


@dataclass(slots=True)
class Checked:
    """The sound part of one mapping: by key plain values, or further `Checked` for sections."""

    path: Path
    label: str
    values: dict[str, Any] = field(default_factory=dict)
    faulty: set[str] = field(default_factory=set)
    """Keys that stand there, perhaps misspelt, with nothing sound behind them."""

    def __contains__(self, key: str) -> bool:
        return key in self.values

    def lacks(self, *keys: str) -> bool:
        """Tell whether none of `keys` says anything, and none is faulty and so noted already."""
        return not any(self.values.get(key) for key in keys) and not self.faulty & set(keys)

    def get(self, *keys: str) -> Any:
        """Return the value of the first of `keys` that is there, or None."""
        return next((self.values[key] for key in keys if key in self.values), None)

    def text(self, *keys: str) -> str:
        """Return the value of the first of `keys` that is there as text, or an empty text.

        Of a list its plain items, joined; a mapping has no text.
        """
        value = self.get(*keys)
        if isinstance(value, list):
            return "; ".join(str(one) for one in value if not isinstance(one, _PARTS))
        return "" if value is None or isinstance(value, _PARTS) else str(value)

    def maybe(self, *keys: str) -> str | None:
        """Return the text of the first of `keys` that is there, or None."""
        return self.text(*keys) or None

    def texts(self, *keys: str) -> tuple[str, ...]:
        """Return a list of texts; a single text is a list of one."""
        value = self.get(*keys)
        items = value if isinstance(value, list) else [] if value is None else [value]
        return tuple(item for item in items if isinstance(item, str))

    def items(self, *keys: str) -> tuple[Checked, ...]:
        """Return the mappings of a list, or of a mapping from names to mappings."""
        value = self.get(*keys)
        found = value.values() if isinstance(value, dict) else value
        items = found if isinstance(found, Iterable) else ()
        return tuple(item for item in items if isinstance(item, Checked))

    def record(self, key: str) -> Checked | None:
        """Return the mapping under a key, or None."""
        value = self.values.get(key)
        return value if isinstance(value, Checked) else None

    def mapping(self, key: str) -> dict[str, Any]:
        """Return a mapping whose keys its author chose; empty where there is none."""
        value = self.values.get(key)
        return value if isinstance(value, dict) else {}


_PARTS: Final = (dict, list, Checked)


class Checker:
    """Checks one document and collects its problems."""

    def __init__(self, root: Node, file: str) -> None:
        self.root = root
        self.file = file
        self.problems: list[SchemaProblem] = []

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
        span = span_at(self.root, self.file, path, key)
        if len(self.problems) == MAX_PROBLEMS:
            code, advice = SchemaCode.PROBLEM_FLOOD, "repair the first ones and judge again"
            message = f"contract: more than {MAX_PROBLEMS} problems, the rest is not shown"
            proposal = None
        self.problems.append(SchemaProblem(code, message, span, advice, path, old, proposal))

    @property
    def full(self) -> bool:
        """Whether so many problems are noted that no more are looked for."""
        return len(self.problems) > MAX_PROBLEMS

    def mapping(self, node: Mapping, section: Section, path: Path, context: str = "") -> Checked:
        """Check one mapping against its section; `context` says inside what it stands."""
        label = label_of(node, section, path, context)
        result = Checked(path, label)
        for pair in node.pairs:
            name = pair.key.text
            key = section.keys.get(name)
            if key is None:
                if name.startswith("x-") or section.known(name):
                    result.values[name] = to_plain(pair.value)
                else:
                    result.faulty.add(self._unknown(node, name, section, result))
                continue
            value = self._value(pair.value, key, (*path, name), label)
            if value is _ABSENT:
                result.faulty.add(name)
            elif value is not None:
                result.values[name] = value
        self._missing(section, result)
        return result

    def records(self, path: Path, section: str) -> tuple[Checked, ...]:
        """Check every mapping of the list at `path` against a section."""
        node = find(self.root, path)
        items = enumerate(node.items if isinstance(node, Sequence) else ())
        return tuple(
            self.mapping(item, SECTIONS[section], (*path, index))
            for index, item in items
            if isinstance(item, Mapping)
        )

    def _unknown(self, node: Mapping, name: str, section: Section, result: Checked) -> str:
        """Note an unknown key and return the known one that it probably is.

        Beside the key that it looks like it is a slip only where hardly a letter differs.
        """
        meant = None if self.full else section.nearest(name)
        path, what = (*result.path, name), f"{result.label}: unknown key {shown(name)}"
        beside = meant is not None and node.get(meant) is not None
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

    def _value(self, node: Node, key: Key, path: Path, label: str) -> Any:
        if isinstance(node, Scalar):
            if key.shape is Shape.TEXT and type(node.value) is str and node.value:
                return node.value  # by far the most common case, and flags are slow
            return self._scalar(node, key, path, label)
        if Shape.ANY in key.shape:
            return to_plain(node)
        if isinstance(node, Sequence):
            return self._list(node, key, path, label)
        return self._map(node, key, path, label)

    def _scalar(self, node: Scalar, key: Key, path: Path, label: str) -> Any:
        shape, value = key.shape, node.value
        if value is None and node.text and key.since not in LANGUAGE:
            return None  # tables of other teams write null where there is nothing
        if value is None or (value == "" and key.required):
            advice = f"write {expected(shape) or 'its content'}, or remove the key"
            self.note(
                SchemaCode.EMPTY_VALUE, path, f"{label}: {key.name} is empty", advice, key=True
            )
            return _ABSENT
        if Shape.ANY in shape:
            return value
        if isinstance(value, bool):
            return value if Shape.FLAG in shape else self._wrong(node, key, path, label)
        if isinstance(value, str):
            return self._text(node, value, key, path, label)
        return self._number(node, value, key, path, label)

    def _text(self, node: Scalar, value: str, key: Key, path: Path, label: str) -> Any:
        shape = key.shape
        if Shape.DATE in shape:
            return self._date(value, key, path, label)
        if Shape.DIGEST in shape:
            return self._digest(value, key, path, label)
        if Shape.DECIMAL in shape and _DECIMAL.fullmatch(value):
            return value
        numeric = shape & (Shape.NUMBER | Shape.INTEGER | Shape.DECIMAL)
        if numeric and Shape.TEXT not in shape and is_number(value):
            self.note(
                SchemaCode.NUMBER_AS_TEXT,
                path,
                f"{label}: {key.name} is text {shown(value)}, expected {expected(shape)}",
                f"write {value.strip()} without quotes",
                old=value,
                proposal=Proposal("remove the quotes", value.strip(), safe=True, how=How.REMOVE),
            )
            return _ABSENT
        return value if Shape.TEXT in shape else self._wrong(node, key, path, label)

    def _number(self, node: Scalar, value: float, key: Key, path: Path, label: str) -> Any:
        shape = key.shape
        wanted = shape & (Shape.NUMBER | Shape.INTEGER | Shape.DECIMAL)
        if wanted and not abs(value) <= float_info.max:  # an integer may be beyond every float
            self.note(
                SchemaCode.NOT_FINITE,
                path,
                f"{label}: {key.name} is {clip(node.text)}, expected a finite number",
                "write the limit that is meant",
            )
            return _ABSENT
        if Shape.DECIMAL in shape and _DECIMAL.fullmatch(node.text):
            return node.text
        if Shape.DIGEST in shape:
            return self._digest(node.text, key, path, label)
        if Shape.NUMBER in shape or (Shape.INTEGER in shape and isinstance(value, int)):
            return value
        return self._wrong(node, key, path, label)

    def _date(self, value: str, key: Key, path: Path, label: str) -> Any:
        try:
            sound = _DAY.fullmatch(value) and date.fromisoformat(value)
        except ValueError:
            sound = None
        if not sound:
            self.note(
                SchemaCode.BAD_DATE,
                path,
                f"{label}: {key.name} is {shown(value)}, expected a day of the calendar",
                "write it as YYYY-MM-DD",
                old=value,
                proposal=as_day(value),
            )
            return _ABSENT
        return value

    def _digest(self, value: str, key: Key, path: Path, label: str) -> Any:
        if _DIGEST.fullmatch(value):
            return value
        self.note(
            SchemaCode.BAD_DIGEST,
            path,
            f"{label}: {key.name} is {shown(value)} ({len(value)} characters), "
            "expected 64 hexadecimal digits in lower case",
            "write the digest of the file, or unrecorded until there is one",
            old=value,
            proposal=as_digest(value),
        )
        return _ABSENT

    # Collections

    def _list(self, node: Sequence, key: Key, path: Path, label: str) -> Any:
        shape = key.shape
        if Shape.ITEMS in shape and Shape.RECORDS not in shape:
            return to_plain(node)
        if not shape & (Shape.RECORDS | Shape.TEXTS | Shape.NUMBERS):
            return self._wrong(node, key, path, label)
        found = [
            self._item(item, key, (*path, index), label) for index, item in enumerate(node.items)
        ]
        return [item for item in found if item is not _ABSENT]

    def _item(self, node: Node, key: Key, path: Path, label: str) -> Any:
        shape = key.shape
        if isinstance(node, Scalar) and type(node.value) is str and Shape.TEXTS in shape:
            return node.value
        place = f"{key.name}[{path[-1]}]"
        if isinstance(node, Mapping):
            section = SECTIONS.get(key.section) if Shape.RECORDS in shape else None
            if Shape.TEXTS in shape and not (section and set(node.keys()) & set(section.keys)):
                if key.since not in LANGUAGE and _is_numbered(node):
                    return to_plain(node)
                return self._accidental(node, path, label, place)
            if section:
                return self.mapping(node, section, path, label)
        one = Shape(0)
        if Shape.TEXTS in shape:
            one |= Shape.TEXT
        if Shape.NUMBERS in shape:
            one |= Shape.NUMBER
        if isinstance(node, Scalar) and one:
            return self._scalar(node, Key(place, one, ""), path, label)
        return self._wrong(node, Key(place, one or Shape.RECORD, ""), path, label)

    def _accidental(self, node: Mapping, path: Path, label: str, place: str) -> Any:
        first = node.pairs[0].key.text if node.pairs else ""
        self.note(
            SchemaCode.ACCIDENTAL_MAPPING,
            path,
            f"{label}: {place} is a mapping with the key {shown(first)}, expected text",
            "put quotes around the whole sentence: an unquoted colon and blank make a mapping",
            proposal=Proposal("quote the sentence", "", safe=True, how=How.ADD),
        )
        return _ABSENT

    def _map(self, node: Mapping, key: Key, path: Path, label: str) -> Any:
        shape = key.shape
        if Shape.RECORD in shape:
            return self.mapping(node, SECTIONS[key.section], path, label)
        if Shape.NAMED in shape:
            return self._named(node, key, path, label)
        if Shape.DECIMALS in shape:
            return self._decimals(node, path, label)
        if Shape.FREE in shape:
            return to_plain(node)
        return self._wrong(node, key, path, label)

    def _named(self, node: Mapping, key: Key, path: Path, label: str) -> dict[str, Checked]:
        section = SECTIONS[key.section]
        found: dict[str, Checked] = {}
        for pair in node.pairs:
            name, value = pair.key.text, pair.value
            inside = f"{section.noun} {clip(name)}"
            if isinstance(value, Mapping):
                found[name] = self.mapping(value, section, (*path, name), inside)
            elif Shape.TEXT not in key.shape or not isinstance(value, Scalar):
                one = Key(inside, Shape.RECORD, "")
                self._wrong(value, one, (*path, name), label)
        return found

    def _decimals(self, node: Mapping, path: Path, label: str) -> dict[str, str]:
        found = {}
        for name, value in node.pairs:
            one = Key(name.text, Shape.DECIMAL, "")
            number = self._value(value, one, (*path, name.text), label)
            if number is not _ABSENT:
                found[name.text] = number
        return found

    def _wrong(self, node: Node, key: Key, path: Path, label: str) -> _Absent:
        self.note(
            SchemaCode.WRONG_TYPE,
            path,
            f"{label}: {key.name} is {found(node)}, expected {expected(key.shape)}",
            repair(node, key.shape),
        )
        return _ABSENT


def _is_numbered(node: Mapping) -> bool:
    """Tell whether a mapping is one sentence under its id, as `C-PRB-001: …`."""
    return len(node.pairs) == 1 and _ID.fullmatch(node.pairs[0].key.text) is not None
