"""Back-ends unpacking Q4_K blocks, against the bits of the scalar form."""

from __future__ import annotations

import numpy as np

from pv.falsifiers.ffn_gguf import faults
from pv.falsifiers.ffn_gguf.fixtures import varied_blocks
from pv.falsifiers.ffn_gguf.records import COUNT, known_fault, metric, sample
from pv.falsifiers.interface import Run
from pv.falsifiers.q4k_q8k import scalar_forms
from pv.kernels.q4k_dequantize import numba_cpu, reference
from pv.model.measurement import Measurements

CONTROLS: dict[str, str] = faults.DECODER


def parity(run: Run) -> Measurements:
    """Count the weights whose bits differ from the scalar form, for NumPy and for Numba."""
    fault = known_fault(run, CONTROLS)
    count, seed = int(run.parameter("blocks")), int(run.parameter("seed"))
    blocks = run.once("blocks", lambda: varied_blocks(count, seed)[:, 0])
    expected = run.once("weights", lambda: scalar_forms.all_weights(blocks)).view(np.uint32)
    read = faults.blocks_as_read(blocks, fault)
    over = sample("random blocks", expected.shape, "none")
    return Measurements(
        metrics=tuple(
            metric(name, (decode(read).view(np.uint32) != expected).sum(), COUNT, over)
            for name, decode in (
                ("numpy_mismatches", reference.dequantize),
                ("numba_mismatches", numba_cpu.dequantize),
            )
        ),
        seeds={"blocks": seed},
    )
