"""How far a template may go, and what it finds."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any, Final, NamedTuple


class Limits(NamedTuple):
    """What one rendering may use at most.

    Sizes and depths are checked as the template runs; time and memory are kept by the kernel.
    """

    template: int = 262_144
    """Characters of one template."""
    templates: int = 64
    """Templates of one folder."""
    output: int = 4_194_304
    """Characters of what comes out."""
    length: int = 100_000
    """Elements of a range, and of what a repetition makes."""
    digits: int = 300
    """Decimal digits of a power."""
    depth: int = 24
    """Statements, and brackets, within each other."""
    cpu_seconds: int = 2
    seconds: float = 10.0
    """Of waiting for it, whatever the processor does meanwhile."""
    memory: int = 268_435_456
    """Bytes of address space, beside what the process and its values take."""


class Missing(StrEnum):
    """What becomes of a value that is not there."""

    ERROR = "error"
    """Any use of it is an error; `is defined` may ask."""
    FALSE = "false"
    """It is false where a condition asks; to print it, or to take a part of it, is an error."""


class Function(NamedTuple):
    """A function of ours that templates may call: named, as it is imported by the process."""

    module: str
    name: str
    arguments: tuple[Any, ...] = ()
    """Plain data that comes before what the template gives."""


class Rules(NamedTuple):
    """What a template language has beside values."""

    missing: Missing = Missing.ERROR
    finalize: Function | None = None
    """What every printed value goes through; None: it is printed as it is."""
    filters: Mapping[str, Function] = {}
    functions: Mapping[str, Function] = {}
    trim_blocks: bool = True
    """A block leaves neither its line end nor the blanks before it."""
    loop_controls: bool = False
    """Whether `break` and `continue` are understood."""


LIMITS: Final = Limits()
RULES: Final = Rules()
