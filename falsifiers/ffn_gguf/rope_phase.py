"""Does the rotation of RoPE amplify drift? (012).

Scaling a query scales its score, whatever the rotation does, so the published figure is a
tautology. Here the query drifts in every direction, and the score may move by the product of norms.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from pv.falsifiers.ffn_gguf.arithmetic import fold
from pv.falsifiers.ffn_gguf.records import PERCENT, RATIO, baseline, known_fault, metric, sample
from pv.falsifiers.interface import Run
from pv.kernels.layout import Pairing
from pv.kernels.rope.reference import rope
from pv.model.measurement import Measurements

Floats = NDArray[np.floating[Any]]
Wide = NDArray[np.float64]

CONTROLS: dict[str, str] = {
    "lost_half": "the second half of a head is not turned",
    "stretched_half": "the turned first half is multiplied by 1.1",
    "doubled_drift": "the query is stretched twice as far",
    "unit_queries": "turned vectors are scaled to length 1",
}


def rotation(run: Run) -> Measurements:
    """Measure the published pair in both precisions, then norms, scores and shifts at random."""
    known_fault(run, CONTROLS)
    size = int(run.parameter("head_size"))
    into_f32, out_f32 = _published(run, np.float32)
    into, out = _published(run, np.float64)
    pairs = int(run.parameter("pairs"))
    found = _random_pairs(run, size, pairs)
    fixture = "published query and key"

    single = sample("published query and key", (size,), "dot product", order="index order")
    double = sample("published query and key", (size,), "dot product", dtype="float64")
    many = sample("random queries and keys", (pairs, size), "maximum", dtype="float64")
    return Measurements(
        metrics=(
            metric("input_drift_f32", 100 * into_f32, PERCENT, single),
            metric("output_drift_f32", 100 * out_f32, PERCENT, single),
            metric("amplification_f32", out_f32 / into_f32, RATIO, single),
            metric("amplification_f64", out / into, RATIO, double),
            *(metric(name, value, RATIO, many) for name, value in found.items()),
        ),
        seeds={"pairs": int(run.parameter("seed"))},
        baselines=tuple(
            baseline(name, ("drift of the score", fixture), ("drift of the query", fixture))
            for name in ("amplification_f32", "amplification_f64")
        ),
    )


def _turn(run: Run, x: Floats, positions: NDArray[np.int64]) -> Floats:
    """Rotate rows, (n, dim), to their positions, or with the planted fault."""
    turned = rope(x[:, None, :], positions, float(run.parameter("theta")), Pairing.NEOX)[:, 0]
    half = x.shape[-1] // 2
    if run.fault == "lost_half":
        turned[:, half:] = x[:, half:]
    if run.fault == "stretched_half":
        turned[:, :half] *= 1.1
    if run.fault == "unit_queries":
        turned /= np.sqrt((turned * turned).sum(axis=-1, keepdims=True))
    return turned


def _published(run: Run, dtype: type[np.floating[Any]]) -> tuple[float, float]:
    """Return the relative drift of the scaled query and of its score, in one precision."""
    size = int(run.parameter("head_size"))
    i = np.arange(size)
    centred = (i - size // 2).astype(dtype)
    q = centred * dtype(0.05) + (i % 5).astype(dtype) * dtype(0.02)
    k = centred * dtype(0.04) + (i % 7).astype(dtype) * dtype(0.015)
    relative = float(run.parameter("relative_perturbation"))
    drifted = q * dtype(1 + (2 if run.fault == "doubled_drift" else 1) * relative)
    key_position = int(run.parameter("key_position"))
    turned = _turn(run, np.stack([q, drifted, k]), np.array([0, 0, key_position]))
    before, after = (_sum(each * turned[2]) / dtype(np.sqrt(size)) for each in turned[:2])
    change = drifted - q
    into = np.sqrt(_sum(change * change)) / np.sqrt(_sum(q * q))
    return float(into), float(abs(after - before) / abs(before))


def _sum(terms: Floats) -> Any:
    """Add in index order where the terms are float32, and as NumPy does where they are float64."""
    return fold(terms) if terms.dtype == np.float32 else terms.sum()


def _random_pairs(run: Run, size: int, pairs: int) -> dict[str, float]:
    """Return how norms, scores and position shifts behave over random queries, keys and drifts."""
    generator = np.random.default_rng(int(run.parameter("seed")))
    q, k, drift = generator.standard_normal((3, pairs, size))
    drift *= float(run.parameter("relative_perturbation"))
    last = int(run.parameter("positions"))
    at_q, at_k, shift = generator.integers(0, last, size=(3, pairs))

    turned_q, turned_k = _turn(run, q, at_q), _turn(run, k, at_k)
    room = _norm(k) / np.sqrt(size)

    def used(change: Floats) -> Wide:
        moved = ((_turn(run, q + change, at_q) - turned_q) * turned_k).sum(axis=-1)
        return np.asarray(np.abs(moved) / np.sqrt(size) / (_norm(change) * room))

    # The drift that, once turned to the query's position, points along the turned key.
    aligned = np.asarray(_turn(run, k, at_k - at_q)) * float(run.parameter("relative_perturbation"))
    score = (turned_q * turned_k).sum(axis=-1)
    shifted = (_turn(run, q, at_q + shift) * _turn(run, k, at_k + shift)).sum(axis=-1)
    return {
        "norm_change": float(np.abs(_norm(turned_q) / _norm(q) - 1).max()),
        "score_bound_use": float(max(used(drift).max(), used(aligned).max())),
        "aligned_use": float(used(aligned).min()),
        "position_shift_change": float((np.abs(shifted - score) / (_norm(q) * _norm(k))).max()),
    }


def _norm(x: Floats) -> Wide:
    return np.asarray(np.sqrt((x * x).sum(axis=-1)))
