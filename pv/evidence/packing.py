"""Frozen records as JSON texts and back, by what their fields are declared to be.

Only data of the kinds that the records of `pv.model` hold is packed; anything else is refused, so
that what comes back is what went in. Fields that stand for something outside (a text, a place, the
whole of a receipt) are left out: whoever unpacks puts them there.
"""

from __future__ import annotations

import dataclasses
import types
from collections.abc import Callable, Collection, Mapping
from enum import Enum
from functools import lru_cache
from typing import Any, Final, NamedTuple, Union, get_args, get_origin, get_type_hints

_PLAIN: Final = (str, int, float, bool, type(None))
_WHOLE: Final = frozenset({str, int, float, bool, type(None)})


class UnfitError(Exception):
    """Something that would not come back as it was."""


class Form(NamedTuple):
    """How the values of one kind are packed and unpacked; None where they are JSON as they are."""

    pack: Callable[[Any], Any]
    unpack: Callable[[Any], Any] | None = None


class Record(NamedTuple):
    """How records of one class are packed: a list with one item for each field that is kept."""

    make: Callable[..., Any]
    fields: tuple[tuple[str, Form], ...]

    def pack(self, record: Any) -> list[Any]:
        """Return the fields. Raises UnfitError for what would not come back."""
        return [form.pack(getattr(record, name)) for name, form in self.fields]

    def values(self, packed: list[Any]) -> list[Any]:
        """Return the values of the fields; the list itself is used up."""
        for at, (_, form) in enumerate(self.fields):
            if form.unpack is not None:
                packed[at] = form.unpack(packed[at])
        return packed

    def unpack(self, packed: list[Any]) -> Any:
        """Return the record, its fields in the order in which they are declared."""
        return self.make(*self.values(packed))


def record_of(
    kind: type, without: Collection[str] = (), given: Mapping[str, Form] | None = None
) -> Record:
    """Return how records of a class are packed; `given` are forms of classes by their names.

    Fields in `without` are left out, so that such records are not made by `unpack`.
    """
    return _record(kind, frozenset(without), tuple((given or {}).items()))


@lru_cache(maxsize=64)
def _record(kind: type, without: frozenset[str], given: tuple[tuple[str, Form], ...]) -> Record:
    hints = get_type_hints(kind)
    names = _names(kind)
    fields = ((each, _form(hints[each], dict(given))) for each in names if each not in without)
    return Record(kind, tuple(fields))


def _names(kind: Any) -> tuple[str, ...]:
    if dataclasses.is_dataclass(kind):
        return tuple(each.name for each in dataclasses.fields(kind))
    return tuple(kind._fields)


def _form(hint: Any, given: Mapping[str, Form]) -> Form:
    """Return the form of an annotation. Raises TypeError for one that no record here has."""
    name = getattr(hint, "__name__", "")
    if name in given:
        return given[name]
    if isinstance(hint, type) and issubclass(hint, Enum):
        return Form(_value_of, {each.value: each for each in hint}.__getitem__)
    if isinstance(hint, type) and (dataclasses.is_dataclass(hint) or hasattr(hint, "_fields")):
        record = record_of(hint, given=given)
        return Form(record.pack, record.unpack)
    origin, inner = get_origin(hint), get_args(hint)
    if origin is tuple:
        return _tuple(inner, given)
    if origin in (Union, types.UnionType):
        return _union(inner, given)
    if hint in (*_PLAIN, Any) or (origin and issubclass(origin, Mapping)):
        return _AS_IT_IS
    raise TypeError(f"no form for {hint}")


def _value_of(value: Enum) -> Any:
    return value.value


def _tuple(inner: tuple[Any, ...], given: Mapping[str, Form]) -> Form:
    each = _form(inner[0], given)
    pack, unpack = each.pack, each.unpack
    if len(inner) != 2 or inner[1] is not Ellipsis:
        if any(one not in _PLAIN for one in inner):
            raise TypeError(f"no form for a tuple of {inner}")
        return Form(lambda values: [plain(one) for one in values], tuple)
    if unpack is None:
        return Form(lambda values: [pack(one) for one in values], tuple)
    return Form(
        lambda values: [pack(one) for one in values],
        lambda packed: tuple(map(unpack, packed)),
    )


def _union(inner: tuple[Any, ...], given: Mapping[str, Form]) -> Form:
    forms = [_form(each, given) for each in inner if each is not type(None)]
    pack, unpack = forms[0]
    if all(each.unpack is None for each in forms):
        return _AS_IT_IS
    if len(forms) != 1 or unpack is None:
        raise TypeError(f"no form for one of {inner}")
    return Form(
        lambda value: None if value is None else pack(value),
        lambda packed: None if packed is None else unpack(packed),
    )


def plain(value: Any) -> Any:
    """Return data that JSON gives back as it is. Raises UnfitError for any other."""
    kind = type(value)
    if kind in _WHOLE:
        return value
    if kind is list:
        for each in value:
            plain(each)
        return value
    if kind is dict:
        for key, each in value.items():
            if type(key) is not str:
                raise UnfitError(f"a key is {key!r}")
            plain(each)
        return value
    raise UnfitError(f"{kind.__name__} is no plain data")


_AS_IT_IS: Final = Form(plain)
