"""The questions put to the CUDA kernels: arguments, what they owe, and how far they are from it.

A question measures one number, zero or at most one where the kernel keeps its word: elements that
differ, or the largest error over the bound of its operation. References are scalar forms, or NumPy
in float64; none shares code with a CUDA kernel. Error bounds are those of the kernels' own cases.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from pv.errors import UsageError
from pv.falsifiers.ffn_gguf.arithmetic import UNIT
from pv.falsifiers.ffn_gguf.fixtures import random_blocks, varied_blocks, with_scales
from pv.falsifiers.q4k_q8k import scalar_forms
from pv.falsifiers.q4k_q8k.activation_quantization import inputs as activations
from pv.kernels.layout import (
    BLOCK_VALUES,
    Q4_1_BYTES,
    Q6K_BYTES,
    Q6K_D_AT,
    Q6K_SCALES_AT,
    Q8_0_BYTES,
    Q8K,
    Pairing,
)
from pv.kernels.q4_1_dequantize import reference as q4_1_dequantize
from pv.kernels.q4_1_q8_1_matvec import reference as q4_1_product
from pv.kernels.q4k_q8k_matvec import case as q8k_case
from pv.kernels.q4k_q8k_matvec import reference as q8k_product
from pv.kernels.q4k_quantize import reference as q4k_quantize
from pv.kernels.q6k_dequantize import reference as q6k_dequantize
from pv.kernels.q6k_q8k_matvec import reference as q6k_product
from pv.kernels.q8_0_dequantize import reference as q8_0_dequantize
from pv.kernels.q8_0_q8_0_matvec import reference as q8_0_product
from pv.kernels.q8k_quantize.reference import quantize_ggml
from pv.kernels.rms_norm import case as rms_norm_case
from pv.kernels.rms_norm.reference import rms_norm
from pv.kernels.rope import case as rope_case
from pv.kernels.rope.reference import rope
from pv.kernels.softmax import case as softmax_case
from pv.kernels.softmax.reference import softmax
from pv.kernels.swiglu import case as swiglu_case
from pv.kernels.swiglu.reference import swiglu

Arrays = tuple[NDArray[Any], ...]
Bytes = NDArray[np.uint8]
Floats = NDArray[np.float32]
Wide = NDArray[np.float64]
Scalar = Callable[[Floats], scalar_forms.Quantized]

_WARP: Final = 32
_ROWS_AT_ONCE: Final = 2
"""Rows that a thread block takes at a time in a matrix product."""
_SMALL_QUANT: Final = 63
"""63 * 15 * 63 * 256, scales, nibbles and quants at their largest, is below 2**24 with its minima:
every partial sum of one block is an integer that float32 holds."""
_HEADS: Final = 3
_DIM: Final = 6
_BASE: Final = 1e4


@dataclass(frozen=True)
class Question:
    """One kernel on one input."""

    name: str
    """Name of the question, unique."""
    operation: str
    """Operation of `pv.kernels`."""
    metric: str
    """What `distance` counts or measures."""
    arguments: tuple[Any, ...]
    rows: int
    """What thread blocks share among themselves: rows, blocks or elements."""
    share: int
    """How many of them a thread block takes at a time."""
    distance: Callable[[Arrays], float]
    """From the arrays that the kernel returned to the metric."""

    @property
    def thread_blocks(self) -> int:
        """Return how many thread blocks do everything in one round."""
        return -(-self.rows // self.share)


def questions(sizes: Mapping[str, Any], seed: int) -> tuple[Question, ...]:
    """Return every question at the given sizes.

    Sizes: `blocks` (at least 8), `full_blocks`, `activation_blocks`, `rows`, `blocks_per_row`,
    `length`, `tokens`, `elements`.

    Raises:
        UsageError: a size is missing, or no number above its least.
    """
    known = {name: _size(sizes, name, least) for name, least in _LEAST.items()}
    generator = np.random.default_rng(seed)
    return (
        _weights(known["blocks"], seed),
        _written(known["blocks"], known["full_blocks"], generator),
        _quantized("ggml", scalar_forms.quantize_ggml, known["activation_blocks"], seed),
        _quantized("rust", scalar_forms.quantize_rust, known["activation_blocks"], seed),
        _integers(known["rows"], generator),
        _q8k_product(known["rows"], known["blocks_per_row"], generator),
        _float_product(known["rows"], known["blocks_per_row"], generator),
        _rms_norm(known["rows"], known["length"], generator),
        _softmax(known["rows"], known["length"], generator),
        *(_rope(known["tokens"], pairing, generator) for pairing in Pairing),
        _swiglu(known["elements"], generator),
        *_other_weights(known["blocks"], generator),
        *_other_integers(known["rows"], known["blocks_per_row"], generator),
    )


_LEAST: Final = {
    "blocks": 8,
    "full_blocks": 0,
    "activation_blocks": 1,
    "rows": 2,
    "blocks_per_row": 1,
    "length": 2,
    "tokens": 2,
    "elements": 1,
}


def _size(sizes: Mapping[str, Any], name: str, least: int) -> int:
    found = sizes.get(name)
    if not isinstance(found, int) or isinstance(found, bool) or found < least:
        raise UsageError(f"size {name} is {found!r}, expected a whole number of at least {least}")
    return found


def differing(found: Arrays, expected: Arrays) -> float:
    """Count the elements whose bytes differ; another dtype or shape is a difference of them all."""
    count = 0
    for one, other in zip(found, expected, strict=True):
        if one.dtype != other.dtype or one.shape != other.shape:
            count += other.size
        else:
            word = f"u{one.dtype.itemsize}"
            bits = (np.ascontiguousarray(each).view(word) for each in (one, other))
            count += int(np.not_equal(*bits).sum())
    return float(count)


def over_bound(found: Arrays, exact: Wide, bound: Wide) -> float:
    """Return the largest |found - exact| / bound of the finite elements; bounds are above 0."""
    finite = np.isfinite(found[0])
    error = np.abs(found[0].astype(np.float64) - exact, where=finite, out=np.zeros_like(exact))
    return float((error / bound).max())


def _exactly(*expected: NDArray[Any]) -> Callable[[Arrays], float]:
    return lambda found: differing(found, expected)


def _within(exact: Wide, units: float, magnitude: Wide) -> Callable[[Arrays], float]:
    bound = units * UNIT * magnitude
    return lambda found: over_bound(found, exact, bound)


# Formats


def _weights(count: int, seed: int) -> Question:
    blocks = varied_blocks(count, seed)[:, 0]
    owed = _exactly(scalar_forms.all_weights(blocks))
    return Question("weights", "q4k_dequantize", "weight_mismatches", (blocks,), count, 1, owed)


def _written(count: int, full: int, generator: np.random.Generator) -> Question:
    """Ask for blocks of which all but `full` vary in one sub-block only: the search is slow."""
    x = generator.standard_normal((count, 8, 32)).astype(np.float32)
    for i in range(full, count):
        flat = np.arange(8) != i % 8
        x[i, flat] = x[i, flat, :1]
    x = x.reshape(count, BLOCK_VALUES)
    owed = _exactly(q4k_quantize.quantize(x))
    return Question("written", "q4k_quantize", "written_mismatches", (x,), count, 4, owed)


def _quantized(convention: str, scalar: Scalar, count: int, seed: int) -> Question:
    x = activations(count, seed)
    made = [scalar(each) for each in x]
    owed = _exactly(
        np.array([each.scale for each in made], dtype=np.float32),
        np.array([each.quants for each in made], dtype=np.int8),
        np.array([scalar_forms.block_sums(each.quants) for each in made], dtype=np.int16),
    )
    operation = f"q8k_quantize_{convention}"
    return Question(convention, operation, f"{convention}_mismatches", (x,), len(x), 1, owed)


# Products


def _integers(rows: int, generator: np.random.Generator) -> Question:
    """Ask for a product whose scales are 1: the float32 answer is the integer itself."""
    blocks = with_scales(random_blocks(generator, rows), 1.0, 1.0)
    quants = generator.integers(-_SMALL_QUANT, _SMALL_QUANT + 1, (1, BLOCK_VALUES)).astype(np.int8)
    sums = quants.reshape(1, 16, 16).sum(axis=-1, dtype=np.int16)
    y = quants[0].astype(int).tolist()
    exact = [_integer(scalar_forms.fields(each.tobytes()), y) for each in blocks[:, 0]]
    owed = _exactly(np.array(exact, dtype=np.float32))
    activation = Q8K(np.ones(1, np.float32), quants, sums)
    arguments = (blocks, activation)
    metric, share = "integer_mismatches", _ROWS_AT_ONCE
    return Question("integers", "q4k_q8k_matvec", metric, arguments, rows, share, owed)


def _integer(read: scalar_forms.Fields, y: list[int]) -> int:
    """Return the sum of (scale * nibble - minimum) * y over a block."""
    return sum(
        (read.scales[place // 32] * nibble - read.minima[place // 32]) * y[place]
        for place, nibble in enumerate(read.nibbles)
    )


def _q8k_product(rows: int, per_row: int, generator: np.random.Generator) -> Question:
    blocks, x = _matrix(rows, per_row, generator)
    activation = quantize_ggml(x)
    exact = q8k_product.matvec_f64(blocks, activation)
    terms = q8k_product.absolute_terms(blocks, activation)
    owed = _within(exact, q8k_case.tolerance(per_row).units, terms)
    arguments = (blocks, activation)
    metric, share = "q8k_product_over_bound", _ROWS_AT_ONCE
    return Question("q8k product", "q4k_q8k_matvec", metric, arguments, rows, share, owed)


def _float_product(rows: int, per_row: int, generator: np.random.Generator) -> Question:
    blocks, x = _matrix(rows, per_row, generator)
    weights = scalar_forms.all_weights(blocks.reshape(-1, blocks.shape[-1]))
    wide = weights.astype(np.float64).reshape(rows, -1)
    flat = x.ravel()
    # A term passes at most 8 fused additions a block in its lane, then at most five levels of a
    # tree; one unit is left for terms of second order and for the reference itself.
    units = 8 * per_row + 6
    owed = _within(wide @ flat, units, np.abs(wide) @ np.abs(flat.astype(np.float64)))
    metric, share = "float_product_over_bound", _ROWS_AT_ONCE
    return Question("float product", "q4k_f32_matvec", metric, (blocks, flat), rows, share, owed)


def _matrix(rows: int, per_row: int, generator: np.random.Generator) -> tuple[Bytes, Floats]:
    blocks = random_blocks(generator, rows * per_row).reshape(rows, per_row, 144)
    return blocks, generator.standard_normal((per_row, BLOCK_VALUES)).astype(np.float32)


# Other formats


def _other_weights(count: int, generator: np.random.Generator) -> tuple[Question, ...]:
    """Ask for the weights of random blocks with finite scales in every other format."""
    made = []
    for name, size, fields, dequantize in (
        ("q6k", Q6K_BYTES, (Q6K_D_AT,), q6k_dequantize.dequantize),
        ("q8_0", Q8_0_BYTES, (0,), q8_0_dequantize.dequantize),
        ("q4_1", Q4_1_BYTES, (0, 2), q4_1_dequantize.dequantize),
    ):
        blocks = generator.integers(0, 256, (count, size), dtype=np.uint8)
        for at in fields:
            blocks[:, at + 1] &= 0xBF  # clears the top exponent bit: finite
        owed, operation = _exactly(dequantize(blocks)), f"{name}_dequantize"
        metric = "weight_mismatches"
        made.append(Question(f"{name} weights", operation, metric, (blocks,), count, 1, owed))
    return tuple(made)


def _other_integers(
    rows: int, per_row: int, generator: np.random.Generator
) -> tuple[Question, ...]:
    """Ask for products whose scales are 1 and whose every partial sum float32 holds.

    At 17 blocks of 256 values a row the largest is 135 * 32 * 127 * 15, below 2**24.
    """
    one = np.ones(1, "<f2").view(np.uint8)
    sixes = generator.integers(0, 256, (rows, per_row, Q6K_BYTES), dtype=np.uint8)
    scales = generator.integers(-7, 8, (rows, per_row, 16)).astype(np.int8)
    sixes[..., Q6K_SCALES_AT:Q6K_D_AT], sixes[..., Q6K_D_AT:] = scales.view(np.uint8), one
    quants = generator.integers(-3, 4, (per_row, BLOCK_VALUES)).astype(np.int8)
    sums = quants.reshape(per_row, 16, 16).sum(axis=-1, dtype=np.int16)
    ones = Q8K(np.ones(per_row, np.float32), quants, sums)
    short = 8 * per_row - 1
    eights = generator.integers(0, 256, (rows, short, Q8_0_BYTES), dtype=np.uint8)
    nibbles = generator.integers(0, 256, (rows, short, Q4_1_BYTES), dtype=np.uint8)
    eights[..., :2], nibbles[..., :2], nibbles[..., 2:4] = one, one, one
    vector = generator.integers(0, 16, (short, Q8_0_BYTES), dtype=np.uint8)
    totals = vector[:, 2:].sum(axis=1, keepdims=True).astype("<f2").view(np.uint8)
    vector[:, :2] = one
    summed = np.concatenate([vector[:, :2], totals, vector[:, 2:]], axis=1)
    return (
        _whole("q6k_q8k_matvec", q6k_product.matvec, (sixes, ones)),
        _whole("q8_0_q8_0_matvec", q8_0_product.matvec, (eights, vector)),
        _whole("q4_1_q8_1_matvec", q4_1_product.matvec, (nibbles, summed)),
    )


def _whole(operation: str, exact: Callable[..., Wide], arguments: tuple[Any, ...]) -> Question:
    owed, rows = _exactly(exact(*arguments).astype(np.float32)), len(arguments[0])
    name, metric = f"{operation} integers", "integer_mismatches"
    return Question(name, operation, metric, arguments, rows, _ROWS_AT_ONCE, owed)


# Plain operations


def _rms_norm(rows: int, length: int, generator: np.random.Generator) -> Question:
    x = generator.standard_normal((rows, length)).astype(np.float32)
    x[0] *= np.float32(1e-6)  # eps decides
    x[-1, length // 2] = 1e4  # one element carries the whole sum
    weight = generator.uniform(0.5, 1.5, length).astype(np.float32)
    exact = np.asarray(
        rms_norm(x.astype(np.float64), weight.astype(np.float64), rms_norm_case.EPS),
        dtype=np.float64,
    )
    owed = _within(exact, rms_norm_case.tolerance(length).units, rms_norm_case.magnitude(exact))
    arguments = (x, weight, rms_norm_case.EPS)
    return Question("rms norm", "rms_norm", "rms_norm_over_bound", arguments, rows, 1, owed)


def _softmax(rows: int, length: int, generator: np.random.Generator) -> Question:
    x = (3 * generator.standard_normal((rows, length))).astype(np.float32)
    x[0, length // 2] = 80  # one element takes all
    exact = np.asarray(softmax(x.astype(np.float64)), dtype=np.float64)
    owed = _within(exact, softmax_case.tolerance(length).units, softmax_case.magnitude(exact))
    return Question("softmax", "softmax", "softmax_over_bound", (x,), rows, 1, owed)


def _rope(tokens: int, pairing: Pairing, generator: np.random.Generator) -> Question:
    x = generator.standard_normal((tokens, _HEADS, _DIM)).astype(np.float32)
    positions = np.arange(tokens) * 32767  # from the first to far beyond what float32 angles bear
    arguments = (x, positions, _BASE, pairing)
    exact = np.asarray(rope(x.astype(np.float64), positions, _BASE, pairing), dtype=np.float64)
    owed = _within(exact, rope_case.TOLERANCE.units, rope_case.magnitude(exact, *arguments))
    rows = tokens * _HEADS
    return Question(f"rope {pairing}", "rope", "rope_over_bound", arguments, rows, 1, owed)


def _swiglu(count: int, generator: np.random.Generator) -> Question:
    # Up to gates whose exponential overflows float32.
    gate = generator.uniform(-100, 100, count).astype(np.float32)
    up = generator.standard_normal(count).astype(np.float32)
    exact = np.asarray(swiglu(gate.astype(np.float64), up.astype(np.float64)), dtype=np.float64)
    size = swiglu_case.magnitude(exact, gate, up)
    owed = _within(exact, swiglu_case.TOLERANCE.units, size)
    return Question("swiglu", "swiglu", "swiglu_over_bound", (gate, up), count, _WARP, owed)
