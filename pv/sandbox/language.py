"""The template language inside the sandbox: Jinja's, without what is unbounded or unsafe.

Imported by the process that renders, and by nobody else.
"""

from __future__ import annotations

import importlib
import json
import math
from collections.abc import Callable, Mapping
from typing import Any, Final, NoReturn

import jinja2
from jinja2.exceptions import SecurityError
from jinja2.sandbox import ImmutableSandboxedEnvironment

_UNFIT: Final = ("attr", "random", "pprint")
"""Filters that reach around the sandbox, or that give another answer each time."""
_NESTING: Final = {
    edge + name: step
    for name in ("for", "if", "macro", "call", "filter", "block", "with")
    for edge, step in (("", 1), ("end", -1))
}
_BRACKETS: Final = {"(": 1, "[": 1, "{": 1, ")": -1, "]": -1, "}": -1}


class OverLimit(Exception):  # noqa: N818 - named for what it says; it never leaves the process
    """A template asks for more than it is given."""


class Refused(Exception):  # noqa: N818 - a word of the template language, `raise_exception`
    """A template refuses its values itself."""


class _Testable(jinja2.Undefined):
    """A missing value that a condition may ask about; whatever else is done with it fails."""

    def __str__(self) -> NoReturn:  # noqa: PLE0307 - it never returns
        self._fail_with_undefined_error()

    def __iter__(self) -> NoReturn:
        self._fail_with_undefined_error()

    def __len__(self) -> NoReturn:  # noqa: PLE0303 - it never returns
        self._fail_with_undefined_error()


class Environment(ImmutableSandboxedEnvironment):
    """Jinja's immutable sandbox with a bound on what one operation can make."""

    intercepted_binops = frozenset({"*", "**", "%"})

    def __init__(self, rules: Mapping[str, Any], limits: Mapping[str, Any]) -> None:
        """Make the environment of one rendering; rules and limits come as plain data."""
        self._limits = limits
        strict = rules["missing"] == "error"
        finalize = rules["finalize"]
        super().__init__(
            undefined=jinja2.StrictUndefined if strict else _Testable,
            finalize=_function(finalize) if finalize else None,
            trim_blocks=rules["trim_blocks"],
            lstrip_blocks=rules["trim_blocks"],
            keep_trailing_newline=True,
            extensions=["jinja2.ext.loopcontrols"] if rules["loop_controls"] else [],
            autoescape=False,  # the output is no HTML; `finalize` escapes what has to be
            cache_size=0,
        )
        for name in _UNFIT:
            del self.filters[name]
        self.filters["tojson"] = _json
        self.filters.update({key: _function(each) for key, each in rules["filters"].items()})
        self.globals = {
            "range": self._range,
            "dict": dict,
            "namespace": self.globals["namespace"],
            "raise_exception": _refuse,
            **{key: _function(each) for key, each in rules["functions"].items()},
        }

    def unsafe_undefined(self, obj: Any, attribute: str) -> NoReturn:
        """Refuse at once: a condition must not ask either."""
        raise SecurityError(f"attribute {attribute!r} of {type(obj).__name__}")

    def getattr(self, obj: Any, attribute: str) -> Any:
        """Return a part of a value: the entries of a mapping come before its methods."""
        if isinstance(obj, dict) and attribute in obj and not attribute.startswith("_"):
            return obj[attribute]
        return super().getattr(obj, attribute)

    def call_binop(self, context: Any, operator: str, left: Any, right: Any) -> Any:
        """Carry out an operation whose result has a bound."""
        if operator == "*":
            self._check_repetition(left, right)
            self._check_repetition(right, left)
        elif operator == "**":
            self._check_power(left, right)
        elif operator == "%" and isinstance(left, str):
            raise SecurityError("formatting by `%`; use `~` or the filter `round`")
        return super().call_binop(context, operator, left, right)

    def check_depth(self, source: str) -> None:
        """Raise OverLimit, with the line, for statements or brackets nested too deeply.

        The parser and the compiler recurse: what is nested without a bound ends them.
        """
        most, inside, brackets, begins = self._limits["depth"], 0, 0, False
        for line, kind, value in self.lex(source):
            if kind == "whitespace":
                continue
            if kind == "operator":
                brackets += _BRACKETS.get(value, 0)
            elif begins and kind == "name":
                inside += _NESTING.get(value, 0)
            begins = kind == "block_begin"
            if max(inside, brackets) > most:
                raise OverLimit(f"line {line}: more than {most} statements or brackets inside")

    def _range(self, *bounds: int) -> range:
        made, most = range(*bounds), self._limits["length"]
        if len(made) > most:
            raise OverLimit(f"a range of {len(made):,} elements, at most {most:,}")
        return made

    def _check_repetition(self, value: Any, times: Any) -> None:
        if isinstance(value, str | list | tuple) and isinstance(times, int):
            made, most = len(value) * max(times, 0), self._limits["length"]
            if made > most:
                raise OverLimit(f"a repetition of {made:,} elements, at most {most:,}")

    def _check_power(self, base: Any, exponent: Any) -> None:
        if isinstance(base, int) and isinstance(exponent, int) and abs(base) > 1 and exponent > 0:
            most = self._limits["digits"]
            if exponent > most * 4 or exponent * math.log10(abs(base)) > most:
                raise OverLimit(f"a power of more than {most} digits")


def _function(named: list[Any]) -> Callable[..., Any]:
    """Import one of our functions. What templates get shows none of its parts: a plain function."""
    module, name, arguments = named
    made = getattr(importlib.import_module(module), name)
    return lambda *given, **named_ones: made(*arguments, *given, **named_ones)


def _refuse(message: str) -> NoReturn:
    raise Refused(str(message))


def _json(value: Any, indent: int | None = None, *, ensure_ascii: bool = False) -> str:
    """Return a value as JSON, characters as they are: this is no HTML."""
    return json.dumps(value, indent=indent, ensure_ascii=ensure_ascii)
