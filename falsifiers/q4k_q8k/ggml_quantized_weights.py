"""Bytes of the Q4_K blocks that our quantisers write, against those that ggml writes."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pv.falsifiers.ffn_gguf import faults
from pv.falsifiers.ffn_gguf.records import COUNT, known_fault, metric, sample
from pv.falsifiers.interface import Run
from pv.falsifiers.q4k_q8k import ggml_oracle, scalar_forms
from pv.kernels.layout import BLOCK_VALUES, Q4K_NIBBLES_AT
from pv.kernels.q4k_quantize import case, numba_cpu, reference
from pv.model.measurement import Measurements

Bytes = NDArray[np.uint8]
Floats = NDArray[np.float32]

CONTROLS: dict[str, str] = {
    **faults.DECODER,
    "floor_nibbles": "nibbles are rounded down instead of to the nearest",
    "easy_inputs": "the hard cases are left out, and seeded weights stay",
}


def written_bytes(run: Run) -> Measurements:
    """Count bytes that differ from ggml's, for NumPy and for Numba.

    Raises:
        MissingError: ggml is not installed.
    """
    fault = known_fault(run, CONTROLS)
    count, seed = int(run.parameter("blocks")), int(run.parameter("seed"))
    every = run.once("weights", lambda: _weights(count, seed))
    by_ggml = run.once("ggml", lambda: ggml_oracle.quantize_q4k(every))
    sound = run.once("ours", lambda: (reference.quantize(every), numba_cpu.quantize(every)))
    chosen = count if fault == "easy_inputs" else len(every)
    x, expected = every[:chosen], by_ggml[:chosen]
    numpy_blocks, numba_blocks = (_with_fault(each[:chosen], x, fault) for each in sound)
    flat = np.ptp(x.reshape(len(x), 8, -1), axis=-1) == 0
    over = sample("seeded weights and the hard cases", expected.shape, "none", dtype="uint8")
    parts = sample("sub-blocks of the same weights", flat.shape, "none")
    return Measurements(
        metrics=(
            metric("numpy_mismatches", (numpy_blocks != expected).sum(), COUNT, over),
            metric("numba_mismatches", (numba_blocks != expected).sum(), COUNT, over),
            metric("flat_sub_blocks", flat.sum(), COUNT, parts),
        ),
        notes=(ggml_oracle.version(),),
        seeds={"weights": seed},
    )


def _weights(count: int, seed: int) -> Floats:
    """Return normal weights of many sizes, one in a hundred an outlier, and those of every case."""
    generator = np.random.default_rng(seed)
    x = generator.standard_normal((count, BLOCK_VALUES))
    x *= np.exp(3 * generator.standard_normal((count, 1)))
    x[generator.random(x.shape) < 0.01] *= 50
    cases = [each.arguments[0].reshape(-1, BLOCK_VALUES) for each in case.cases()]
    return np.concatenate([x.astype(np.float32), *cases])


def _with_fault(blocks: Bytes, x: Floats, fault: str | None) -> Bytes:
    """Return the blocks as a quantiser with the fault would have written them."""
    if fault != "floor_nibbles":
        return faults.blocks_as_read(blocks, fault)
    made = blocks.copy()
    made[:, Q4K_NIBBLES_AT:] = [_floored(*each) for each in zip(blocks, x, strict=True)]
    return made


def _floored(block: Bytes, x: Floats) -> Bytes:
    """Return the 128 bytes of nibbles, rounded down, under the scales that a block stores."""
    read = scalar_forms.fields(block.tobytes())
    step, offset = read.d * np.array(read.scales), read.dmin * np.array(read.minima)
    values = x.reshape(8, 32) + offset[:, None]
    whole = np.floor(np.divide(values, step[:, None], where=step[:, None] > 0, out=0 * values))
    nibbles = np.clip(whole, 0, 15).astype(np.uint8).reshape(4, 2, 32)
    return np.asarray(nibbles[:, 0] | nibbles[:, 1] << 4, np.uint8).reshape(-1)
