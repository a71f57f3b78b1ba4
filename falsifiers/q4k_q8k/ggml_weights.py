"""Weights that our decoders read from Q4_K blocks, against the bits that ggml reads."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pv.falsifiers.ffn_gguf import faults
from pv.falsifiers.ffn_gguf.fixtures import varied_blocks, with_scales
from pv.falsifiers.ffn_gguf.records import COUNT, known_fault, metric, sample
from pv.falsifiers.interface import Run
from pv.falsifiers.q4k_q8k import ggml_oracle
from pv.kernels.layout import Q4K_BYTES
from pv.kernels.q4k_dequantize import case, numba_cpu, reference
from pv.model.measurement import Measurements

Bytes = NDArray[np.uint8]

CONTROLS: dict[str, str] = {
    **faults.DECODER,
    "easy_inputs": "every super-scale is an ordinary positive number",
}


def bits(run: Run) -> Measurements:
    """Count weights whose bits differ from ggml's, for NumPy and for Numba.

    Raises:
        MissingError: ggml is not installed.
    """
    fault = known_fault(run, CONTROLS)
    count, seed = int(run.parameter("blocks")), int(run.parameter("seed"))
    blocks = run.once("blocks", lambda: _blocks(count, seed))
    expected = run.once("ggml", lambda: ggml_oracle.dequantize_q4k(blocks))
    if fault == "easy_inputs":
        blocks = with_scales(blocks, 1.0, 0.5)
        expected = ggml_oracle.dequantize_q4k(blocks)
    read = faults.blocks_as_read(blocks, fault)
    ours = reference.dequantize(read), numba_cpu.dequantize(read)
    numpy_differing, numba_differing = (_differing(each, expected) for each in ours)
    halves = np.ascontiguousarray(blocks[:, :4]).view("<u2")
    exponents = halves >> 10 & 31
    over = sample("seeded blocks and the hard cases", expected.shape, "none")
    words = sample("super-scales of the same blocks", halves.shape, "none", dtype="float16")
    return Measurements(
        metrics=(
            metric("numpy_mismatches", numpy_differing, COUNT, over),
            metric("numba_mismatches", numba_differing, COUNT, over),
            metric("subnormal_scales", (exponents == 0).sum(), COUNT, words),
            metric("negative_scales", (halves >> 15).sum(), COUNT, words),
        ),
        notes=(ggml_oracle.version(),),
        seeds={"blocks": seed},
    )


def _blocks(count: int, seed: int) -> Bytes:
    """Return seeded blocks and those of every case of the operation, uint8 (n, 144)."""
    cases = [each.arguments[0].reshape(-1, Q4K_BYTES) for each in case.cases()]
    return np.concatenate([varied_blocks(count, seed)[:, 0], *cases])


def _differing(found: NDArray[np.float32], expected: NDArray[np.float32]) -> int:
    """Count unequal bit patterns; a NaN, from an infinite super-scale, has no one pattern."""
    nan = np.isnan(found) & np.isnan(expected)
    return int(((found.view(np.uint32) != expected.view(np.uint32)) & ~nan).sum())
