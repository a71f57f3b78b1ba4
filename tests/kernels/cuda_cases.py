"""Run the CUDA kernels on their cases and print what differs, as one JSON object.

A process of its own, because Numba decides between simulator and device when it is imported:

    NUMBA_ENABLE_CUDASIM=1 python -m tests.kernels.cuda_cases quick
    python -m tests.kernels.cuda_cases all
"""

from __future__ import annotations

import importlib
import json
import sys
import warnings

import numpy as np

from tests.kernels.agreement import parts, same_bits, within
from tests.kernels.patient_simulator import wait_patiently

EXACT = {
    "q4k_dequantize": ("dequantize",),
    "q4k_quantize": ("quantize",),
    "q8k_quantize": ("quantize_ggml", "quantize_rust"),
    "q6k_dequantize": ("dequantize",),
    "q8_0_dequantize": ("dequantize",),
    "q4_1_dequantize": ("dequantize",),
}
PRODUCTS = {
    "q4k_f32_matvec": ("matvec",),
    "q4k_q8k_matvec": ("matvec",),
    "q6k_q8k_matvec": ("matvec",),
    "q8_0_q8_0_matvec": ("matvec",),
    "q4_1_q8_1_matvec": ("matvec",),
}
PLAIN = {name: (name,) for name in ("rms_norm", "softmax", "rope", "swiglu")}


def selected(which):
    """Every (folder, function, case) of the run."""
    for folder, functions in (EXACT | PRODUCTS | PLAIN).items():
        cases = importlib.import_module(f"pv.kernels.{folder}.case").cases()
        chosen = [case for case in cases if case.quick or which == "all"]
        assert chosen, folder
        for function in functions:
            yield from ((folder, function, case) for case in chosen)


def problem(folder, function, case, **options):
    """What differs between the CUDA kernel and the reference, empty if nothing does."""
    kernel = importlib.import_module(f"pv.kernels.{folder}.numba_cuda")
    reference = importlib.import_module(f"pv.kernels.{folder}.reference")
    found = getattr(kernel, function)(*case.arguments, **options)
    if folder in EXACT:
        expected = parts(getattr(reference, function)(*case.arguments))
        pairs = zip(expected, parts(found), strict=True)
        return next((text for text in (same_bits(e, f) for e, f in pairs) if text), "")
    if found.dtype != np.float32:
        return f"dtype {found.dtype}"
    if folder in PRODUCTS:
        exact = getattr(reference, "matvec_f64", reference.matvec)(*case.arguments)
        magnitude = reference.absolute_terms(*case.arguments)
    else:
        exact = getattr(reference, function)(*(_wide(argument) for argument in case.arguments))
        module = importlib.import_module(f"pv.kernels.{folder}.case")
        magnitude = module.magnitude(exact, *case.arguments)
    return within(exact, found, case.tolerance, magnitude)


def _wide(argument):
    floats = isinstance(argument, np.ndarray) and argument.dtype == np.float32
    return argument.astype(np.float64) if floats else argument


def main(which):
    wait_patiently()
    warnings.simplefilter("ignore", RuntimeWarning)  # the simulator's scalars warn at infinities
    found = {f"{d}.{f}-{c.name}": problem(d, f, c) for d, f, c in selected(which)}
    # The cases ran with a thread block a row; with a single one, strides must reach every row.
    several = ("random-3x2", "random-2", "normal-2", "length-3", "norm-2x1x4", "degenerate")
    strided = {
        f"{d}.{f}-{c.name}": problem(d, f, c, grid=1)
        for d, f, c in selected("all")
        if c.name in several
    }
    json.dump({"cases": found, "one thread block": strided}, sys.stdout)


if __name__ == "__main__":
    main(sys.argv[1])
