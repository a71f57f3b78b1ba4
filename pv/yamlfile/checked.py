"""The sound part of one mapping of a contract, as its key table understands it."""

from __future__ import annotations

from typing import Any, Final, Protocol, TypeAlias

from pv.model.contract import Path
from pv.yamlfile.shapes import Section

_NONE: Final[frozenset[str]] = frozenset()


class Labeller(Protocol):
    """Knows the words for mappings."""

    def label(self, section: Section, path: Path, inside: str) -> str:
        """Return how messages name the mapping at a path, inside what has a name already."""


class Label:
    """How messages name a mapping, worked out when the first one does.

    It holds on to the label of what is around it, never to the mapping: that one holds this one.
    """

    __slots__ = ("_inside", "_labeller", "_path", "_section", "_text")

    def __init__(
        self, labeller: Labeller, section: Section, path: Path, inside: Label | str
    ) -> None:
        self._labeller = labeller
        self._section = section
        self._path = path
        self._inside = inside
        self._text: str | None = None

    def __str__(self) -> str:
        if self._text is None:
            self._text = self._labeller.label(self._section, self._path, str(self._inside))
        return self._text


_LabelParts: TypeAlias = tuple[Labeller, Section, Path, Label | str]
"""What a label is made of."""


class Checked:
    """The sound part of one mapping: by key plain values, or further `Checked` for sections."""

    __slots__ = ("_label", "faulty", "path", "values")

    def __init__(
        self, path: Path, label: _LabelParts | Label | str, values: dict[str, Any] | None = None
    ) -> None:
        self.path = path
        self._label = label
        self.values: dict[str, Any] = {} if values is None else values
        self.faulty = _NONE
        """Keys that stand there, perhaps misspelt, with nothing sound behind them."""

    @property
    def label(self) -> Label | str:
        """How messages name the mapping; most are never named."""
        label = self._label
        if isinstance(label, tuple):
            label = self._label = Label(*label)
        return label

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Checked):
            return NotImplemented
        mine, its = (self.path, self.values, self.faulty), (other.path, other.values, other.faulty)
        return mine == its

    __hash__ = None  # type: ignore[assignment] # its values are no keys either

    def __repr__(self) -> str:
        return f"Checked({self.path}, {self.values})"

    def __contains__(self, key: str) -> bool:
        return key in self.values

    def lacks(self, *keys: str) -> bool:
        """Tell whether none of `keys` says anything, and none is faulty and so noted already."""
        return not any(map(self.values.get, keys)) and self.faulty.isdisjoint(keys)

    def get(self, *keys: str) -> Any:
        """Return the value of the first of `keys` that is there, or None."""
        values = self.values
        for key in keys:
            if key in values:
                return values[key]
        return None

    def text(self, *keys: str) -> str:
        """Return the value of the first of `keys` that is there as text, or an empty text.

        Of a list its plain items, joined; a mapping has no text.
        """
        value = self.get(*keys)
        if type(value) is str:
            return value
        if isinstance(value, list):
            return "; ".join(str(one) for one in value if not isinstance(one, _PARTS))
        return "" if value is None or isinstance(value, _PARTS) else str(value)

    def maybe(self, *keys: str) -> str | None:
        """Return the text of the first of `keys` that is there, or None."""
        return self.text(*keys) or None

    def texts(self, *keys: str) -> tuple[str, ...]:
        """Return a list of texts; a single text is a list of one."""
        value = self.get(*keys)
        if value is None:
            return ()
        items = value if isinstance(value, list) else [value]
        return tuple([item for item in items if isinstance(item, str)])

    def items(self, *keys: str) -> tuple[Checked, ...]:
        """Return the mappings of a list, or of a mapping from names to mappings."""
        value = self.get(*keys)
        if value is None:
            return ()
        items = value.values() if isinstance(value, dict) else value
        if not hasattr(items, "__iter__"):
            return ()
        return tuple([item for item in items if isinstance(item, Checked)])

    def record(self, key: str) -> Checked | None:
        """Return the mapping under a key, or None."""
        value = self.values.get(key)
        return value if isinstance(value, Checked) else None

    def mapping(self, key: str) -> dict[str, Any]:
        """Return a mapping whose keys its author chose; empty where there is none."""
        value = self.values.get(key)
        return value if isinstance(value, dict) else {}


_PARTS: Final = (dict, list, Checked)
