"""Does a Q4_K block unpack to exact weights? (007).

The array decoder is compared with one that reads a block as a single integer, field by field at
its bit offset, and shares nothing with it. Since the products are exact in float32 a correct
decoder has no freedom: this is a test of unpacking, not of float order.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from pv.falsifiers.ffn_gguf import faults
from pv.falsifiers.ffn_gguf.arithmetic import bit_pattern
from pv.falsifiers.ffn_gguf.fixtures import Bytes, block, varied_blocks, with_scales
from pv.falsifiers.ffn_gguf.records import BITS, COUNT, known_fault, metric, sample
from pv.falsifiers.interface import Run
from pv.falsifiers.q4k_q8k.scalar_forms import all_weights, fields
from pv.kernels.layout import Q4K_BYTES
from pv.kernels.q4k_dequantize.reference import dequantize
from pv.model.measurement import Measurements

CONTROLS: dict[str, str] = {
    **faults.DECODER,
    "one_plain_block": "the random blocks are one block of equal fields, over and over",
}

_SUBNORMAL_BELOW = 2.0**-14


def unpacking(run: Run) -> Measurements:
    """Compare the bits of both decoders and count the field values that were read."""
    fault = known_fault(run, CONTROLS)
    published = block(int(run.parameter("row")), int(run.parameter("matrix")))[None, None]
    count, seed = int(run.parameter("random_blocks")), int(run.parameter("seed"))
    plain = fault == "one_plain_block"
    make = _plain_blocks if plain else varied_blocks
    drawn = run.once(f"blocks, plain {plain}", lambda: make(count, seed))
    expected = run.once(f"weights, plain {plain}", lambda: all_weights(drawn[:, 0]))
    read = run.once(
        f"fields, plain {plain}", lambda: [fields(each.tobytes()) for each in drawn[:, 0]]
    )

    weights = dequantize(faults.blocks_as_read(published, fault))
    got = dequantize(faults.blocks_as_read(drawn, fault)).view(np.uint32)[:, 0]
    halves = np.array([(each.d, each.dmin) for each in read])
    alone = all_weights(published[0]).view(np.uint32)
    one = sample("BLK", (256,), "none")
    many = sample("random blocks", (count, 256), "none")
    return Measurements(
        metrics=(
            metric("first_weight_bits", bit_pattern(weights[0, 0, 0]), BITS, one),
            metric("last_weight_bits", bit_pattern(weights[0, 0, -1]), BITS, one),
            metric("mismatches", (weights.view(np.uint32) != alone).sum(), COUNT, one),
            metric("random_mismatches", (got != expected.view(np.uint32)).sum(), COUNT, many),
            metric("scale_values", _distinct(each.scales for each in read), COUNT, many),
            metric("minimum_values", _distinct(each.minima for each in read), COUNT, many),
            metric("nibble_values", _distinct(each.nibbles for each in read), COUNT, many),
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


def _plain_blocks(count: int, _seed: int) -> Bytes:
    """Return one block, uint8 (count, 1, 144), whose fields are all 17 and super-scales 1."""
    return with_scales(np.full((count, 1, Q4K_BYTES), 17, dtype=np.uint8), 1.0, 1.0)


def _distinct(lists: Iterable[tuple[int, ...]]) -> int:
    return len({value for values in lists for value in values})
