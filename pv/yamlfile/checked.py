"""The sound part of one mapping of a contract, as its key table understands it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from pv.model.contract import Path

_NONE: Final[frozenset[str]] = frozenset()


class Checked:
    """The sound part of one mapping: by key plain values, or further `Checked` for sections."""

    __slots__ = ("_label", "faulty", "path", "values")

    def __init__(
        self, path: Path, label: Callable[[], str] | str, values: dict[str, Any] | None = None
    ) -> None:
        self.path = path
        self._label = label
        self.values: dict[str, Any] = {} if values is None else values
        self.faulty = _NONE
        """Keys that stand there, perhaps misspelt, with nothing sound behind them."""

    @property
    def label(self) -> str:
        """How messages name the mapping; worked out when the first one does."""
        if not isinstance(self._label, str):
            self._label = self._label()
        return self._label

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
