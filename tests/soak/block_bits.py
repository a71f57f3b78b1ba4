"""Blocks and values by the million, and how our kernels differ on them from ggml.

python -m tests.soak.block_bits COUNT SEED [OPERATION ...]
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from functools import partial
from typing import NamedTuple

import numpy as np

from pv.falsifiers.q4k_q8k import ggml_oracle as ggml
from pv.kernels.layout import Rounding
from pv.kernels.processor.numba_compile import has_vectors
from pv.kernels.q4_1_dequantize import numba_cpu as q4_1_numba
from pv.kernels.q4_1_dequantize import reference as q4_1
from pv.kernels.q4_1_quantize import numba_cpu as q4_1_quantize_numba
from pv.kernels.q4_1_quantize import reference as q4_1_quantize
from pv.kernels.q4k_dequantize import numba_cpu as q4k_numba
from pv.kernels.q4k_dequantize import reference as q4k
from pv.kernels.q4k_quantize import numba_cpu as q4k_quantize_numba
from pv.kernels.q4k_quantize import reference as q4k_quantize
from pv.kernels.q6k_dequantize import numba_cpu as q6k_numba
from pv.kernels.q6k_dequantize import reference as q6k
from pv.kernels.q8_0_dequantize import numba_cpu as q8_0_numba
from pv.kernels.q8_0_dequantize import reference as q8_0
from pv.kernels.q8_0_quantize import numba_cpu as q8_0_quantize_numba
from pv.kernels.q8_0_quantize import reference as q8_0_quantize
from pv.kernels.q8_1_quantize import numba_cpu as q8_1_quantize_numba
from pv.kernels.q8_1_quantize import reference as q8_1_quantize
from pv.kernels.q8k_quantize import numba_cpu as q8k_numba
from pv.kernels.q8k_quantize import reference as q8k

PART = 8192
VECTORS = has_vectors()


class Operation(NamedTuple):
    """What is compared: inputs, ggml's answer, and ours by route."""

    made: Callable[[int, np.random.Generator], np.ndarray]
    """`count` inputs; random and special ones."""
    special: Callable[[], Iterator[np.ndarray]]
    """Parts that go through a whole range: every f16, every pair of 6-bit fields."""
    ggml: Callable[[np.ndarray], np.ndarray]
    routes: dict[str, Callable[[np.ndarray], np.ndarray]]


def stored(size: int, halves: tuple[int, ...]) -> Callable[[int, np.random.Generator], np.ndarray]:
    """Blocks of random bytes; f16 fields of any bits, so that infinities and NaN are among them.

    Of eight blocks one is zeros under its scales, one all bits set, and one has zeros for fields.
    """

    def made(count: int, rng: np.random.Generator) -> np.ndarray:
        blocks = rng.integers(0, 256, (count, size), dtype=np.uint8)
        kind = rng.integers(0, 8, count)
        keep = np.zeros(size, bool)
        for at in halves:
            keep[at : at + 2] = True
            zero = kind == 2
            blocks[zero, at], blocks[zero, at + 1] = 0, rng.choice([0, 128], zero.sum())
        blocks[np.ix_(kind == 0, ~keep)] = 0
        blocks[np.ix_(kind == 1, ~keep)] = 255
        return blocks

    return made


def every_half(size: int, halves: tuple[int, ...]) -> Iterator[np.ndarray]:
    """Each of the 65,536 f16 in each field, under random bytes."""
    words = np.arange(65536, dtype="<u2")[:, None].view(np.uint8)
    for at in halves:
        rng = np.random.default_rng(at)
        blocks = stored(size, halves)(65536, rng)
        blocks[:, at : at + 2] = words
        yield from np.array_split(blocks, 65536 // PART)


def every_six_bits() -> Iterator[np.ndarray]:
    """Each pair of a 6-bit scale and a 6-bit minimum in each sub-block of Q4_K, over all nibbles.

    The twelve bytes are packed here, bit by bit, and by nothing that a kernel has.
    """
    yield from every_half(144, (0, 2))
    pair = np.arange(4096)
    nibbles = (np.arange(128) * 7 % 256).astype(np.uint8)
    for turn in range(8):
        fields = (pair[:, None] + 521 * turn * np.arange(8)) % 4096
        scales, minima = fields % 64, fields // 64
        bits = np.zeros((4096, 96), np.uint8)
        for j in range(8):
            for bit in range(6):
                for values, at in ((scales, 0), (minima, 32)):
                    one = values[:, j] >> bit & 1
                    if j < 4:
                        place = at + 8 * j + bit
                    elif bit < 4:
                        place = 64 + 8 * (j - 4) + bit + (4 if at else 0)
                    else:
                        place = at + 8 * (j - 4) + bit + 2
                    bits[:, place] = one
        blocks = np.empty((4096, 144), np.uint8)
        blocks[:, :4] = np.array([0.01 * (turn + 1), 0.003], "<f2").view(np.uint8)
        blocks[:, 4:16] = np.packbits(bits, axis=1, bitorder="little")
        blocks[:, 16:] = np.roll(nibbles, turn)
        yield blocks


def values(width: int) -> Callable[[int, np.random.Generator], np.ndarray]:
    """Finite float32 of every size: normal, exact ties, sign ties, zeros, sparse, any bits."""

    def made(count: int, rng: np.random.Generator) -> np.ndarray:
        x = rng.normal(size=(count, width)) * np.exp2(rng.integers(-140, 120, (count, 1)))
        kind = rng.integers(0, 10, (count, 1))
        size = np.exp2(rng.integers(-30, 30, (count, 1)))
        ties = (rng.integers(-254, 255, (count, width)) / 2) * size
        ties[:, 0] = 127 * size[:, 0] * rng.choice([-1, 1], count)
        x = np.where(kind == 0, ties, x)
        x = np.where(kind == 1, rng.choice([-3.0, 3.0], (count, width)) * size, x)
        x = np.where(
            (kind == 2) & (rng.random(x.shape) < 0.95), rng.choice([0.0, -0.0], x.shape), x
        )
        x = np.where(kind == 3, np.abs(rng.normal(size=(count, width))), x)
        x = np.where((kind == 4) & (rng.random(x.shape) < 0.02), x * 1000, x)
        x = np.where(kind == 5, np.round(4 * rng.normal(size=(count, width))) * size, x)
        with np.errstate(over="ignore"):
            found = x.astype(np.float32)
        raw = rng.integers(0, 2**32, (count, width), dtype=np.uint32).view(np.float32)
        found = np.where(kind == 6, raw, found)
        return np.where(np.isfinite(found), found, np.float32(1))

    return made


def edges(width: int) -> Iterator[np.ndarray]:
    """Blocks of one value beside zeros, for every exponent of float32 and both signs."""
    powers = np.ldexp(1.0, np.arange(-149, 128)).astype(np.float32)
    found = np.zeros((2 * len(powers), width), np.float32)
    found[:, 3] = np.concatenate([powers, -powers])
    yield found
    found = found.copy()
    found[:, 5] = -found[:, 3]
    found[:, 7] = found[:, 3] / 2
    yield found


def decoder(kind: str, size: int, halves: tuple[int, ...], special=None, **routes) -> Operation:
    special = special or partial(every_half, size, halves)
    return Operation(stored(size, halves), special, partial(ggml.dequantize, kind), routes)


def encoder(kind: str, width: int, vectors: bool = False, **routes) -> Operation:
    answer = partial(ggml.quantize, kind, vectors=vectors)
    return Operation(values(width), partial(edges, width), answer, routes)


def laid_out(quantize: Callable) -> Callable[[np.ndarray], np.ndarray]:
    return lambda x: q8k.to_bytes(quantize(x))


def with_vectors(route: Callable) -> dict[str, Callable]:
    found = {"loops": partial(route, vectors=False)}
    return {**found, "vectors": partial(route, vectors=True)} if VECTORS else found


def short(kind: str, one: Callable, two: Callable) -> dict[str, Operation]:
    return {
        f"{kind} quantise {r}": encoder(
            kind,
            32,
            r == Rounding.AVX2,
            numpy=partial(one, rounding=r),
            loops=partial(two, rounding=r),
        )
        for r in Rounding
    }


OPERATIONS: dict[str, Operation] = {
    "q4_K dequantise": decoder(
        "q4_K",
        144,
        (0, 2),
        every_six_bits,
        numpy=q4k.dequantize,
        **with_vectors(q4k_numba.dequantize),
    ),
    "q6_K dequantise": decoder(
        "q6_K", 210, (208,), numpy=q6k.dequantize, **with_vectors(q6k_numba.dequantize)
    ),
    "q8_0 dequantise": decoder(
        "q8_0", 34, (0,), numpy=q8_0.dequantize, loops=q8_0_numba.dequantize
    ),
    "q4_1 dequantise": decoder(
        "q4_1", 20, (0, 2), numpy=q4_1.dequantize, loops=q4_1_numba.dequantize
    ),
    "q4_K quantise": encoder(
        "q4_K", 256, numpy=q4k_quantize.quantize, loops=q4k_quantize_numba.quantize
    ),
    "q8_K quantise": encoder(
        "q8_K", 256, numpy=laid_out(q8k.quantize_ggml), loops=laid_out(q8k_numba.quantize_ggml)
    ),
    **short("q8_0", q8_0_quantize.quantize, q8_0_quantize_numba.quantize),
    **short("q8_1", q8_1_quantize.quantize, q8_1_quantize_numba.quantize),
    "q4_1 quantise": encoder(
        "q4_1", 32, numpy=q4_1_quantize.quantize, loops=q4_1_quantize_numba.quantize
    ),
}


def mismatches(expected: np.ndarray, found: np.ndarray) -> int:
    """Blocks that differ in a bit; a NaN has no one pattern and counts by its place."""
    assert (expected.shape, expected.dtype) == (found.shape, found.dtype)
    if expected.dtype == np.float32:
        nan = np.isnan(expected) & np.isnan(found)
        expected, found = (np.where(nan, 0, each.view(np.uint32)) for each in (expected, found))
    return int((expected != found).any(axis=1).sum())


def parts(operation: Operation, count: int, seed: int, special: bool) -> Iterator[np.ndarray]:
    if special:
        yield from operation.special()
    rng = np.random.default_rng(seed)
    for start in range(0, count, PART):
        yield operation.made(min(PART, count - start), rng)


def compare(name: str, count: int, seed: int, special: bool = True) -> dict[str, int]:
    """Return the blocks compared, and those in which each route differs from ggml."""
    operation = OPERATIONS[name]
    found = dict.fromkeys(("blocks", *operation.routes), 0)
    for part in parts(operation, count, seed, special):
        expected = operation.ggml(part)
        found["blocks"] += len(part)
        for route, kernel in operation.routes.items():
            found[route] += mismatches(expected, kernel(part))
    return found


if __name__ == "__main__":
    chosen = sys.argv[3:] or list(OPERATIONS)
    for each in chosen:
        text = json.dumps(compare(each, int(sys.argv[1]), int(sys.argv[2])))
        sys.stdout.write(f"{each:28} {text}\n")
        sys.stdout.flush()
