"""Back-ends quantising activations, against the scalar form of each convention.

The inputs hold what tells the two conventions apart: exact ties, pivots of equal magnitude and
opposite sign, a block of zeros and one just above the Rust convention's smallest pivot.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from pv.errors import UsageError
from pv.falsifiers.ffn_gguf.arithmetic import UNIT
from pv.falsifiers.ffn_gguf.records import COUNT, RATIO, known_fault, metric, sample
from pv.falsifiers.interface import Run
from pv.falsifiers.q4k_q8k import scalar_forms
from pv.kernels.layout import BLOCK_VALUES, Q8K
from pv.kernels.q8k_quantize import numba_cpu, reference
from pv.model.measurement import Measurements

Floats = NDArray[np.float32]
Kernel = Callable[[Floats], Q8K]

CONTROLS: dict[str, str] = {
    "floor": "values are rounded down instead of to the nearest",
    "other_ties": "exact ties are rounded the way of the other convention",
    "scale_ten_percent": "the stored scale is multiplied by 1.1",
    "narrow_quants": "quants end at 126 instead of 127",
    "dirty_zeros": "a block of zeros keeps a quant of the block before it",
    "easy_inputs": "the hard cases are left out, and random blocks stay",
}

_CONVENTIONS: dict[str, tuple[Kernel, Kernel, Callable[[Floats], scalar_forms.Quantized]]] = {
    "ggml": (reference.quantize_ggml, numba_cpu.quantize_ggml, scalar_forms.quantize_ggml),
    "rust": (reference.quantize_rust, numba_cpu.quantize_rust, scalar_forms.quantize_rust),
}


def parity(run: Run) -> Measurements:
    """Count quants, scales and block sums that differ from the scalar form; measure the error."""
    fault = known_fault(run, CONTROLS)
    name = str(run.parameter("convention"))
    if name not in _CONVENTIONS:
        raise UsageError(f"convention is {name!r}, expected one of {', '.join(_CONVENTIONS)}")
    numpy_kernel, numba_kernel, scalar = _CONVENTIONS[name]
    count, seed = int(run.parameter("blocks")), int(run.parameter("seed"))
    every = run.once("inputs", lambda: inputs(count, seed))
    known = run.once("expected", lambda: [scalar(each) for each in every])
    chosen = count if fault == "easy_inputs" else len(every)
    x, expected = every[:chosen], known[:chosen]
    got = {
        "numpy": with_fault(numpy_kernel(x), x, fault),
        "numba": with_fault(numba_kernel(x), x, fault),
    }
    exact = x.astype(np.float64) / np.array([each.scale or 1.0 for each in expected])[:, None]
    ties = np.abs(exact - np.trunc(exact)) == 0.5

    over = sample("activations", x.shape, "none")
    pivots = np.abs(got["numpy"].quants.astype(np.int32)).max(axis=-1)
    return Measurements(
        metrics=(
            *(
                metric(f"{backend}_mismatches", _mismatches(found, expected), COUNT, over)
                for backend, found in got.items()
            ),
            metric("error_over_bound", _error(x, got["numpy"]), RATIO, over),
            metric("exact_ties", ties.sum(), COUNT, over),
            metric("smallest_pivot", pivots[x.any(axis=-1)].min(), COUNT, over),
            metric("nonzero_of_zero_blocks", pivots[~x.any(axis=-1)].sum(), COUNT, over),
        ),
        seeds={"inputs": seed},
    )


def inputs(count: int, seed: int) -> Floats:
    """Return random blocks and the hard ones, float32 (count + 4, 256)."""
    generator = np.random.default_rng(seed)
    size = np.exp2(generator.integers(-20, 20, size=(count, 1)))
    random = (generator.standard_normal((count, BLOCK_VALUES)) * size).astype(np.float32)
    ties = (np.arange(BLOCK_VALUES) % 127 - 63 + 0.5).astype(np.float32)
    ties[0] = 127  # the step is then exactly 1
    signs = generator.standard_normal(BLOCK_VALUES).astype(np.float32)
    signs[[10, 20]] = 7, -7  # the first of two equal magnitudes gives ggml's sign
    zeros = np.zeros(BLOCK_VALUES, dtype=np.float32)
    small = (generator.uniform(-1, 1, BLOCK_VALUES) * 2e-10).astype(np.float32)
    small[0] = 2e-10
    return np.concatenate([random, np.stack([ties, signs, zeros, small])])


def with_fault(found: Q8K, x: Floats, fault: str | None) -> Q8K:
    """Return the blocks as a kernel with the fault would have made them."""
    if fault is None or fault == "easy_inputs":
        return found
    if fault == "narrow_quants":
        return found._replace(quants=np.clip(found.quants, -126, 126))
    if fault == "dirty_zeros":
        quants = found.quants.copy()
        quants[~x.any(axis=-1), 0] = 1
        return found._replace(quants=quants)
    if fault == "scale_ten_percent":
        return found._replace(scale=found.scale * np.float32(1.1))
    with np.errstate(divide="ignore", invalid="ignore"):
        scaled = x.astype(np.float64) / found.scale.astype(np.float64)[:, None]
    scaled = np.where(np.isfinite(scaled), scaled, 0.0)
    if fault == "floor":
        return found._replace(quants=np.clip(np.floor(scaled), -128, 127).astype(np.int8))
    tie = np.abs(scaled - np.trunc(scaled)) == 0.5
    away = np.trunc(scaled) + np.sign(scaled)
    even = np.rint(scaled)
    other = np.where(found.quants == even, away, even)
    quants = np.where(tie, np.clip(other, -128, 127), found.quants)
    return found._replace(quants=quants.astype(np.int8))


def _mismatches(found: Q8K, expected: list[scalar_forms.Quantized]) -> int:
    quants = np.array([each.quants for each in expected])
    scales = np.array([each.scale for each in expected], dtype=np.float32)
    sums = np.array([scalar_forms.block_sums(each.quants) for each in expected])
    return int(
        (found.quants != quants).sum()
        + (found.scale.view(np.uint32) != scales.view(np.uint32)).sum()
        + (found.bsums != sums).sum()
    )


def _error(x: Floats, found: Q8K) -> float:
    """Return the largest |x - scale * q| over half a step and the rounding of 127 of them."""
    scale = found.scale.astype(np.float64)[:, None]
    error = np.abs(x - scale * found.quants)
    step = np.abs(scale)
    used = x.any(axis=-1)
    return float((error[used] / ((0.5 + 4 * 127 * UNIT) * step[used])).max())
