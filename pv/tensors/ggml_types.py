"""The tensor types that a GGUF file can hold, and how many bytes a block of each takes.

Numbers and layouts are those of ggml's file format. Q8_1 and Q8_K are absent on purpose: they are
activation formats that no file stores.
"""

from __future__ import annotations

from enum import IntEnum
from typing import NamedTuple


class GgmlType(IntEnum):
    """A tensor type, by the number that stands in the file."""

    F32 = 0
    F16 = 1
    Q4_0 = 2
    Q4_1 = 3
    Q5_0 = 6
    Q5_1 = 7
    Q8_0 = 8
    Q2_K = 10
    Q3_K = 11
    Q4_K = 12
    Q5_K = 13
    Q6_K = 14
    IQ2_XXS = 16
    IQ2_XS = 17
    IQ3_XXS = 18
    IQ1_S = 19
    IQ4_NL = 20
    IQ3_S = 21
    IQ2_S = 22
    IQ4_XS = 23
    I8 = 24
    I16 = 25
    I32 = 26
    I64 = 27
    F64 = 28
    IQ1_M = 29
    BF16 = 30
    TQ1_0 = 34
    TQ2_0 = 35
    MXFP4 = 39
    NVFP4 = 40
    Q1_0 = 41


class Block(NamedTuple):
    """The unit in which a type is stored."""

    weights: int
    nbytes: int


BLOCKS: dict[GgmlType, Block] = {
    GgmlType.F32: Block(1, 4),
    GgmlType.F16: Block(1, 2),
    GgmlType.Q4_0: Block(32, 18),
    GgmlType.Q4_1: Block(32, 20),
    GgmlType.Q5_0: Block(32, 22),
    GgmlType.Q5_1: Block(32, 24),
    GgmlType.Q8_0: Block(32, 34),
    GgmlType.Q2_K: Block(256, 84),
    GgmlType.Q3_K: Block(256, 110),
    GgmlType.Q4_K: Block(256, 144),
    GgmlType.Q5_K: Block(256, 176),
    GgmlType.Q6_K: Block(256, 210),
    GgmlType.IQ2_XXS: Block(256, 66),
    GgmlType.IQ2_XS: Block(256, 74),
    GgmlType.IQ3_XXS: Block(256, 98),
    GgmlType.IQ1_S: Block(256, 50),
    GgmlType.IQ4_NL: Block(32, 18),
    GgmlType.IQ3_S: Block(256, 110),
    GgmlType.IQ2_S: Block(256, 82),
    GgmlType.IQ4_XS: Block(256, 136),
    GgmlType.I8: Block(1, 1),
    GgmlType.I16: Block(1, 2),
    GgmlType.I32: Block(1, 4),
    GgmlType.I64: Block(1, 8),
    GgmlType.F64: Block(1, 8),
    GgmlType.IQ1_M: Block(256, 56),
    GgmlType.BF16: Block(1, 2),
    GgmlType.TQ1_0: Block(256, 54),
    GgmlType.TQ2_0: Block(256, 66),
    GgmlType.MXFP4: Block(32, 17),
    GgmlType.NVFP4: Block(64, 36),
    GgmlType.Q1_0: Block(128, 18),
}

REMOVED: dict[int, str] = {
    4: "Q4_2",
    5: "Q4_3",
    31: "Q4_0_4_4",
    32: "Q4_0_4_8",
    33: "Q4_0_8_8",
    36: "IQ4_NL_4_4",
    37: "IQ4_NL_4_8",
    38: "IQ4_NL_8_8",
}
"""Types that ggml once wrote and no longer reads."""


def bytes_of(kind: GgmlType, weights: int) -> int:
    """Return the bytes that `weights` values take; `weights` must be whole blocks."""
    block = BLOCKS[kind]
    if weights % block.weights:
        raise ValueError(f"{weights} values are not whole blocks of {block.weights} ({kind.name})")
    return weights // block.weights * block.nbytes
