"""Dot products of 28 layers, exact and with 8-bit activations; in one of them the terms cancel."""

from __future__ import annotations

import numpy as np

from pv.falsifiers.interface import Run, unknown_fault
from pv.model.measurement import Conditioning, Measurements, Metric, Sample

CONTROLS = {"wrong_sign": "the rounded products have the other sign"}


def relative_error(run: Run) -> Measurements:
    """Measure |A - B| / |A| a layer, beside |A - B|, |A| and the sum of |x||w|."""
    if run.fault is not None and run.fault not in CONTROLS:
        raise unknown_fault(run, CONTROLS)
    layers, width = run.parameter("layers"), run.parameter("width")
    draw = np.random.default_rng(run.parameter("seed"))
    x, w = draw.normal(size=(layers, width)), draw.normal(size=(layers, width)) + 0.5
    x += 0.5
    bad = run.parameter("cancelling")
    w[bad] -= x[bad] * (x[bad] @ w[bad] - 0.0016) / (x[bad] @ x[bad])
    step = np.abs(x).max(axis=1, keepdims=True) / 127.0
    exact = np.einsum("ij,ij->i", x, w)
    rounded = np.einsum("ij,ij->i", np.rint(x / step) * step, w) * (-1.0 if run.fault else 1.0)
    gap, size, scale = np.abs(exact - rounded), np.abs(exact), np.einsum("ij,ij->i", abs(x), abs(w))
    over = Sample("none", layers, (layers,), "none", "float64", "one dot product a layer")
    return Measurements(
        metrics=(Metric("relative_error", tuple((gap / size).tolist()), "1", over),),
        conditionings=(
            Conditioning(
                "relative_error", tuple(gap.tolist()), tuple(size.tolist()), tuple(scale.tolist())
            ),
        ),
        seeds={"values": run.parameter("seed")},
    )
