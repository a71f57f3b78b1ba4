"""Does a Q4_K block unpack to exact weights? (007).

The array decoder is compared with one that reads a block as a single integer, field by field at
its bit offset, and shares nothing with it. Since the products are exact in float32 a correct
decoder has no freedom: this is a test of unpacking, not of float order.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pv.falsifiers.ffn_gguf import faults
from pv.falsifiers.ffn_gguf.arithmetic import bit_pattern
from pv.falsifiers.ffn_gguf.fixtures import block, pack_fields, random_blocks
from pv.falsifiers.ffn_gguf.records import BITS, COUNT, known_fault, metric, sample
from pv.falsifiers.interface import Run
from pv.kernels.q4k_dequantize.reference import dequantize
from pv.model.measurement import Measurements

Bytes = NDArray[np.uint8]
Patterns = NDArray[np.uint32]

CONTROLS: dict[str, str] = faults.DECODER

_FIELD_BITS = 6
_SUBNORMAL_BELOW = 2.0**-14


def unpacking(run: Run) -> Measurements:
    """Compare the bits of both decoders and count the field values that were read."""
    fault = known_fault(run, CONTROLS)
    published = block(int(run.parameter("row")), int(run.parameter("matrix")))[None, None]
    count, seed = int(run.parameter("random_blocks")), int(run.parameter("seed"))
    drawn = run.once("blocks", lambda: _varied_blocks(count, seed))
    expected = run.once("weights", lambda: _patterns_bit_by_bit(drawn))
    fields = run.once("fields", lambda: [_fields(each.tobytes()) for each in drawn[:, 0]])

    weights = dequantize(faults.blocks_as_read(published, fault))
    got = dequantize(faults.blocks_as_read(drawn, fault)).view(np.uint32)[:, 0]
    scales, minima, nibbles, supers = zip(*fields, strict=True)
    halves = np.array(supers)
    one = sample("BLK", (256,), "none")
    many = sample("random blocks", (count, 256), "none")
    return Measurements(
        metrics=(
            metric("first_weight_bits", bit_pattern(weights[0, 0, 0]), BITS, one),
            metric("last_weight_bits", bit_pattern(weights[0, 0, -1]), BITS, one),
            metric(
                "mismatches",
                (weights.view(np.uint32)[:, 0] != _patterns_bit_by_bit(published)).sum(),
                COUNT,
                one,
            ),
            metric("random_mismatches", (got != expected).sum(), COUNT, many),
            metric("scale_values", len(set(np.ravel(scales))), COUNT, many),
            metric("minimum_values", len(set(np.ravel(minima))), COUNT, many),
            metric("nibble_values", len(set(np.ravel(nibbles))), COUNT, many),
            metric("negative_scales", (halves < 0).sum(), COUNT, many),
            metric(
                "subnormal_scales",
                ((halves != 0) & (np.abs(halves) < _SUBNORMAL_BELOW)).sum(),
                COUNT,
                many,
            ),
        ),
        seeds={"random blocks": seed},
    )


def _varied_blocks(count: int, seed: int) -> Bytes:
    """Return random blocks, uint8 (count, 1, 144), every eighth with subnormal super-scales.

    The first eight hold each 6-bit scale and each minimum once, so that none is left untested.
    """
    generator = np.random.default_rng(seed)
    drawn = random_blocks(generator, count)
    every = [generator.permutation(64).reshape(8, 8) for _ in ("scales", "minima")]
    drawn[:8, 0, 4:16] = pack_fields(every[0], every[1])
    drawn[::8, :, 1] &= 0x83  # clears the exponent
    drawn[::8, :, 3] &= 0x83
    return drawn


def _patterns_bit_by_bit(blocks: Bytes) -> Patterns:
    """Return the weights' bits, uint32 (n, 256), one weight after the other."""
    patterns = np.empty((len(blocks), 256), dtype=np.uint32)
    for index, each in enumerate(blocks[:, 0]):
        scales, minima, nibbles, (d, dmin) = _fields(each.tobytes())
        for place, nibble in enumerate(nibbles):
            sub_block = place // 32
            product = np.float32(d * scales[sub_block] * nibble)
            patterns[index, place] = bit_pattern(product - np.float32(dmin * minima[sub_block]))
    return patterns


def _fields(raw: bytes) -> tuple[list[int], list[int], list[int], tuple[float, float]]:
    """Return scales, minima, nibbles in weight order, and (d, dmin) of one block."""
    bits = int.from_bytes(raw, "little")

    def field(offset: int, width: int) -> int:
        return (bits >> offset) & ((1 << width) - 1)

    scales, minima = [], []
    for j in range(8):
        if j < 4:
            scales.append(field(32 + 8 * j, _FIELD_BITS))
            minima.append(field(64 + 8 * j, _FIELD_BITS))
        else:  # four bits in the last third, two on top of the fields of sub-block j - 4
            last = 96 + 8 * (j - 4)
            scales.append(field(last, 4) + 16 * field(32 + 8 * (j - 4) + 6, 2))
            minima.append(field(last + 4, 4) + 16 * field(64 + 8 * (j - 4) + 6, 2))
    nibbles = [
        field(128 + 256 * (place // 64) + 8 * (place % 32) + 4 * (place // 32 % 2), 4)
        for place in range(256)
    ]
    return scales, minima, nibbles, (_half(field(0, 16)), _half(field(16, 16)))


def _half(bits: int) -> float:
    """Return the value of a finite f16 from its sign, exponent and fraction."""
    sign = -1.0 if bits >> 15 else 1.0
    exponent, fraction = (bits >> 10) & 31, bits & 1023
    if exponent == 0:
        return sign * float(np.ldexp(fraction, -24))
    return sign * float(np.ldexp(1024 + fraction, exponent - 25))
