"""The Q4_K quantiser: every weight it writes is the nearest that its scales allow.

The search for scales is a matter of taste; what follows is not. Given the scales and minima that a
block stores, no other nibble may come closer to the weight.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pv.falsifiers.bootstrap import interval
from pv.falsifiers.ffn_gguf import faults
from pv.falsifiers.ffn_gguf.arithmetic import UNIT
from pv.falsifiers.ffn_gguf.records import COUNT, RATIO, known_fault, metric, sample
from pv.falsifiers.interface import Run
from pv.falsifiers.q4k_q8k import scalar_forms
from pv.kernels.q4k_quantize import numba_cpu, reference
from pv.model.measurement import Measurements

Bytes = NDArray[np.uint8]
Wide = NDArray[np.float64]

CONTROLS: dict[str, str] = faults.DECODER


def nearest(run: Run) -> Measurements:
    """Count weights for which another nibble is closer, and bytes in which back-ends differ."""
    fault = known_fault(run, CONTROLS)
    count, seed = int(run.parameter("blocks")), int(run.parameter("seed"))
    x = np.random.default_rng(seed).standard_normal((count, 256)).astype(np.float32)
    sound = run.once("numpy", lambda: reference.quantize(x))
    rival = run.once("numba", lambda: numba_cpu.quantize(x))
    blocks = faults.blocks_as_read(sound, fault)

    wide = x.astype(np.float64)
    chosen, best, room = _distances(wide, blocks)
    energies = np.stack([np.square(each).reshape(count, -1).sum(axis=1) for each in (chosen, wide)])
    drift = np.sqrt(energies[0].sum() / energies[1].sum())
    over = sample("normal weights", x.shape, "none", dtype="float64")
    all_of_them = sample("normal weights", x.shape, "root mean square", dtype="float64")
    return Measurements(
        metrics=(
            metric("backend_mismatches", (blocks != rival).sum(), COUNT, over),
            metric("closer_nibbles", (chosen > best + room).sum(), COUNT, over),
            metric("relative_error", drift, RATIO, all_of_them),
        ),
        intervals=(interval("relative_error", "blocks", energies.T, _relative),),
        seeds={"weights": seed},
    )


def _relative(energies: Wide) -> Wide:
    """Return the root of error energy over weight energy, from (draws, blocks, 2) to (draws,)."""
    total = energies.sum(axis=1)
    return np.asarray(np.sqrt(total[:, 0] / total[:, 1]))


def _distances(x: Wide, blocks: Bytes) -> tuple[Wide, Wide, Wide]:
    """Return |x - w| of the chosen nibble and of the best one, and what rounding may blur.

    All float64 (n, 256); the blur is a few roundings of the largest value that a sub-block holds.
    """
    read = [scalar_forms.fields(each.tobytes()) for each in blocks]
    step = np.array([[each.d * scale for scale in each.scales] for each in read])
    offset = np.array([[each.dmin * low for low in each.minima] for each in read])
    nibbles = np.array([each.nibbles for each in read]).reshape(len(blocks), 8, 32)
    values = x.reshape(len(blocks), 8, 32)
    chosen = np.abs(values - (step[..., None] * nibbles - offset[..., None]))
    levels = step[..., None] * np.arange(16) - offset[..., None]
    best = np.abs(values[..., None] - levels[..., None, :]).min(axis=-1)
    blur = 8 * UNIT * (np.abs(values) + np.abs(offset)[..., None] + 15 * step[..., None])
    return chosen, best, blur
