"""The recipe as it was published: each layer measures the first vector again, hardly rescaled."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from pv.falsifiers.ffn_gguf.fixtures import matrix
from pv.falsifiers.ffn_gguf.published_chain import of_blocks
from pv.falsifiers.interface import Run, unknown_fault
from pv.model.measurement import Measurements, Metric

CONTROLS = {"last_layer_times_100": "the error of the last layer is multiplied by 100"}


def drift(run: Run) -> Measurements:
    """Measure the series, and its growth from the first layer to the last."""
    if run.fault is not None and run.fault not in CONTROLS:
        raise unknown_fault(run, CONTROLS)
    blocks = np.stack([matrix(layer, 1)[0, 0] for layer in range(run.parameter("layers"))])
    found = of_blocks(blocks, replace(run, fault=None))
    growth = found.ratios[0].numerator.value / found.ratios[0].denominator.value
    over = found.ratios[0].numerator.sample
    metric = Metric("growth", growth * (100.0 if run.fault else 1.0), "1", over)
    return Measurements(metrics=(metric,), ratios=(), chains=found.chains, seeds=found.seeds)
