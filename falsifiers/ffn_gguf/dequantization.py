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
from pv.falsifiers.ffn_gguf.fixtures import block, varied_blocks
from pv.falsifiers.ffn_gguf.records import BITS, COUNT, known_fault, metric, sample
from pv.falsifiers.interface import Run
from pv.falsifiers.q4k_q8k.scalar_forms import all_weights, fields
from pv.kernels.q4k_dequantize.reference import dequantize
from pv.model.measurement import Measurements

CONTROLS: dict[str, str] = faults.DECODER

_SUBNORMAL_BELOW = 2.0**-14


def unpacking(run: Run) -> Measurements:
    """Compare the bits of both decoders and count the field values that were read."""
    fault = known_fault(run, CONTROLS)
    published = block(int(run.parameter("row")), int(run.parameter("matrix")))[None, None]
    count, seed = int(run.parameter("random_blocks")), int(run.parameter("seed"))
    drawn = run.once("blocks", lambda: varied_blocks(count, seed))
    expected = run.once("weights", lambda: all_weights(drawn[:, 0]))
    read = run.once("fields", lambda: [fields(each.tobytes()) for each in drawn[:, 0]])

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


def _distinct(lists: Iterable[tuple[int, ...]]) -> int:
    return len({value for values in lists for value in values})
