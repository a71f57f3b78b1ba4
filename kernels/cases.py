"""What a case is: inputs of an operation, and how far a rival may be from the reference."""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

SEAMS = (1, 2, 3, 7, 8, 15, 16, 17, 31, 32, 33, 63, 64, 65, 127, 128, 129)
"""Lengths round the widths of registers, warps and tiles, where an index goes wrong first."""


class Tolerance(NamedTuple):
    """How far a result may be from the float64 reference, element by element.

    A result agrees where `|result - reference| <= units * 2**-24 * magnitude`, with the magnitude
    that the case's module defines. 0 units: the same bits, NaN in the same places.
    """

    units: float
    reason: str


@dataclass(frozen=True)
class Case:
    """One input of an operation."""

    name: str
    """Handle by which the case is rerun."""
    arguments: tuple[Any, ...]
    """What the operation is called with."""
    tolerance: Tolerance
    """For a rival with a float order of its own; one that reproduces the order owes the bits."""
    quick: bool = False
    """Small enough for a simulator that takes milliseconds a thread."""


def generator(name: str) -> np.random.Generator:
    """Return the random generator of a case: the same name gives the same numbers everywhere."""
    return np.random.default_rng(zlib.crc32(name.encode()))
