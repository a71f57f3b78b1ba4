"""The 292 bytes of the Q8_K blocks that our quantisers make, against those that ggml makes."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pv.falsifiers.ffn_gguf.records import COUNT, known_fault, metric, sample
from pv.falsifiers.interface import Run
from pv.falsifiers.q4k_q8k import activation_quantization, ggml_oracle
from pv.kernels.layout import BLOCK_VALUES, Q8K
from pv.kernels.q8k_quantize import case, numba_cpu, reference
from pv.model.measurement import Measurements

Floats = NDArray[np.float32]

CONTROLS: dict[str, str] = {
    **activation_quantization.CONTROLS,
    "other_convention": "the block is quantised in the upstream Rust convention",
    "stale_sums": "the sums of 16 quants are those of the block before",
}


def stored_bytes(run: Run) -> Measurements:
    """Count bytes that differ from ggml's, for NumPy and for Numba.

    Raises:
        MissingError: ggml is not installed.
    """
    fault = known_fault(run, CONTROLS)
    count, seed = int(run.parameter("blocks")), int(run.parameter("seed"))
    every = run.once("inputs", lambda: _inputs(count, seed))
    by_ggml = run.once("ggml", lambda: ggml_oracle.quantize_q8k(every))
    chosen = count if fault == "easy_inputs" else len(every)
    x, expected = every[:chosen], by_ggml[:chosen]
    numpy_bytes, numba_bytes = (
        reference.to_bytes(_with_fault(kernel(x), x, fault))
        for kernel in (reference.quantize_ggml, numba_cpu.quantize_ggml)
    )
    size = np.abs(x)
    twice = (size == size.max(axis=-1, keepdims=True)).sum(axis=-1) > 1
    over = sample("seeded activations and the hard cases", expected.shape, "none", dtype="uint8")
    inputs = sample("the same activations", x.shape, "none")
    return Measurements(
        metrics=(
            metric("numpy_mismatches", (numpy_bytes != expected).sum(), COUNT, over),
            metric("numba_mismatches", (numba_bytes != expected).sum(), COUNT, over),
            metric("zero_blocks", (~x.any(axis=-1)).sum(), COUNT, inputs),
            metric("shared_pivots", (twice & x.any(axis=-1)).sum(), COUNT, inputs),
        ),
        notes=(ggml_oracle.version(),),
        seeds={"inputs": seed},
    )


def _inputs(count: int, seed: int) -> Floats:
    """Return the blocks of the question over scalar forms and those of every case, (n, 256)."""
    cases = [each.arguments[0].reshape(-1, BLOCK_VALUES) for each in case.cases()]
    return np.concatenate([activation_quantization.inputs(count, seed), *cases])


def _with_fault(found: Q8K, x: Floats, fault: str | None) -> Q8K:
    if fault == "other_convention":
        return reference.quantize_rust(x)
    if fault == "stale_sums":
        return found._replace(bsums=np.roll(found.bsums, 1, axis=0))
    return activation_quantization.with_fault(found, x, fault)
