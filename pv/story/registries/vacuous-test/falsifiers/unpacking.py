"""Fused against unfused arithmetic, on numbers whose products are exact: they cannot differ."""

from __future__ import annotations

import numpy as np

from pv.falsifiers.interface import Run, unknown_fault
from pv.model.measurement import Measurements, Metric, Sample

CONTROLS = {"products_rounded_first": "both products are rounded before the difference is taken"}


def differing_bits(run: Run) -> Measurements:
    """Count weights whose bits differ between the two ways of unpacking."""
    if run.fault is not None and run.fault not in CONTROLS:
        raise unknown_fault(run, CONTROLS)
    draw, blocks = np.random.default_rng(run.parameter("seed")), run.parameter("blocks")
    d, least = draw.normal(size=(2, blocks, 1)).astype(np.float16).astype(np.float32)
    scale, minimum, nibble = (draw.integers(0, top, (blocks, 256)) for top in (64, 64, 16))
    fused = (d.astype(np.float64) * (scale * nibble) - least.astype(np.float64) * minimum).astype(
        np.float32
    )
    # Exact in float32 (11 + 6 + 4 bits), so rounding them changes nothing, fault or no fault.
    product = (d * (scale * nibble).astype(np.float32)).astype(np.float32)
    offset = (least * minimum.astype(np.float32)).astype(np.float32)
    bits = int(np.count_nonzero(fused.view(np.uint32) != (product - offset).view(np.uint32)))
    over = Sample("none", fused.size, fused.shape, "count", "float32", "unpacked weights")
    return Measurements(metrics=(Metric("differing_bits", bits, "weights", over),))
