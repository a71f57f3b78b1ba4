"""Does softmax amplify a small drift of its logits? (011).

The published row has one saturated peak, which damps by construction. Ties are the other extreme:
there a relative drift of the logits is amplified, since it depends on their common offset, while
the absolute gain reaches its bound of one half.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pv.falsifiers.ffn_gguf.arithmetic import fold
from pv.falsifiers.ffn_gguf.records import PERCENT, RATIO, baseline, known_fault, metric, sample
from pv.falsifiers.interface import Run
from pv.kernels.softmax.reference import softmax
from pv.model.measurement import Baseline, Measurements, Sample

Wide = NDArray[np.float64]
Floats = NDArray[np.float32]

CONTROLS: dict[str, str] = {
    "low_temperature": "logits are multiplied by ten before the exponential",
    "unnormalised": "the exponentials are not divided by their sum",
    "high_temperature": "logits are multiplied by 0.3 before the exponential",
    "absolute_drift": "the logit moves by the relative drift itself",
    "common_drift": "all logits of a row move, and not one of them",
}

_SHARPNESS = {"low_temperature": 10.0, "high_temperature": 0.3}


def amplification(run: Run) -> Measurements:
    """Measure the published row in float32 and float64, saturated rows, random rows and ties."""
    fault = known_fault(run, CONTROLS)
    logits = np.array(run.parameter("logits"), dtype=np.float64)
    place, relative = int(run.parameter("perturbed")), float(run.parameter("relative_perturbation"))
    drift = relative * (1.0 if fault == "absolute_drift" else abs(logits[place]))
    into = drift / np.abs(logits).sum()
    out = _moved(logits[None], place, np.array([drift]), fault)[0]
    into_f32, out_f32 = _published_f32(logits, place, relative, fault)
    saturated = _saturated(run, relative, fault)
    gains, ties, ties_f32 = _extremes(run, relative, fault)

    row = sample("published logits", logits.shape, "l1", dtype="float64")
    rows = int(run.parameter("rows"))
    return Measurements(
        metrics=(
            metric("input_drift", 100 * into, PERCENT, row),
            metric("output_drift_f32", 100 * out_f32, PERCENT, _single(row)),
            metric("amplification_f32", out_f32 / into_f32, RATIO, _single(row)),
            metric("amplification_f64", out / into, RATIO, row),
            metric(
                "saturated_amplification",
                saturated.max(),
                RATIO,
                sample("saturated rows", (rows, logits.size), "maximum", dtype="float64"),
            ),
            metric(
                "gain_over_bound",
                gains.max(),
                RATIO,
                sample("random rows and ties", gains.shape, "maximum", dtype="float64"),
            ),
            metric(
                "tie_amplification_f64",
                ties,
                RATIO,
                sample("ties of equal logits", ties.shape, "l1", dtype="float64"),
            ),
            metric(
                "tie_amplification_f32",
                ties_f32,
                RATIO,
                sample("ties of equal logits", ties.shape, "l1", order="index order"),
            ),
        ),
        seeds={"rows": int(run.parameter("seed"))},
        baselines=tuple(_over_logits(*each) for each in _FIXTURES.items()),
    )


_FIXTURES = {
    "amplification_f32": "published logits",
    "amplification_f64": "published logits",
    "saturated_amplification": "saturated rows",
    "tie_amplification_f32": "ties of equal logits",
    "tie_amplification_f64": "ties of equal logits",
}


def _over_logits(name: str, fixture: str) -> Baseline:
    moved, given = "sum of |p - p'|", "|drift| over sum of |logits|"
    return baseline(name, (moved, fixture), (given, fixture))


def _single(over: Sample) -> Sample:
    return replace(over, dtype="float32", order="index order")


def _probabilities(logits: Wide, fault: str | None) -> Wide:
    """Return softmax over the last axis in float64, or with the planted fault."""
    probabilities = softmax(logits * _SHARPNESS.get(fault or "", 1.0)).astype(np.float64)
    if fault == "unnormalised":
        return np.asarray(probabilities / probabilities.max(axis=-1, keepdims=True))
    return probabilities


def _moved(logits: Wide, place: int, drift: Wide, fault: str | None) -> Wide:
    """Return sum|p - p'| of each row, float64 (rows,), when one logit moves by its drift."""
    shifted = logits.copy()
    if fault == "common_drift":
        shifted += drift[:, None]
    else:
        shifted[:, place] += drift
    change = _probabilities(logits, fault) - _probabilities(shifted, fault)
    return np.asarray(np.abs(change).sum(axis=-1))


def _published_f32(
    logits: Wide, place: int, relative: float, fault: str | None
) -> tuple[float, float]:
    """Return the relative drift of logits and of probabilities, every step in float32."""
    row = logits.astype(np.float32)
    drift = np.float32(relative) * np.abs(row[place])
    shifted = row.copy()
    shifted[slice(None) if fault == "common_drift" else place] += drift
    change = _softmax_f32(row, fault) - _softmax_f32(shifted, fault)
    # The drift as the logits hold it, after its own rounding to float32.
    into = np.abs(shifted - row)[place] / fold(np.abs(row))
    return float(into), float(fold(np.abs(change)))


def _softmax_f32(row: Floats, fault: str | None) -> Floats:
    """Return softmax of one row with every operation rounded to float32, the sum folded."""
    sharpness = _SHARPNESS.get(fault or "", 1.0)
    shifted = (row - row.max()) * np.float32(sharpness)
    # Rounded from float64: a machine's own float32 exponential may be an ulp away.
    powers = np.exp(shifted.astype(np.float64)).astype(np.float32)
    return powers if fault == "unnormalised" else np.asarray(powers / fold(powers))


def _saturated(run: Run, relative: float, fault: str | None) -> Wide:
    """Return the amplification of rows with one peak far above the rest, float64 (rows,)."""
    generator = np.random.default_rng(int(run.parameter("seed")))
    peak, spread = float(run.parameter("saturated_logit")), float(run.parameter("spread"))
    shape = (int(run.parameter("rows")), len(run.parameter("logits")))
    logits = generator.uniform(-spread, spread, size=shape)
    logits[:, 0] = peak
    drift = np.full(shape[0], relative * peak)
    return np.asarray(_moved(logits, 0, drift, fault) * np.abs(logits).sum(axis=-1) / drift)


def _extremes(run: Run, relative: float, fault: str | None) -> tuple[Wide, Wide, Wide]:
    """Return gain over its bound for random rows and ties, and the ties' amplification twice."""
    generator = np.random.default_rng((int(run.parameter("seed")), 1))
    rows, peak = int(run.parameter("rows")), float(run.parameter("saturated_logit"))
    logits = generator.normal(0, 3, size=(rows, len(run.parameter("logits"))))
    drift = generator.uniform(1e-3, 1, size=rows) * generator.choice([-1.0, 1.0], size=rows)
    gains = [_moved(logits, 0, drift, fault) / (2 * np.tanh(np.abs(drift) / 4))]
    ties, ties_f32 = [], []
    step: Any = np.array([relative * peak])
    for size in run.parameter("tie_sizes"):
        tie = np.full((1, int(size)), peak)
        out = _moved(tie, 0, step, fault)
        gains.append(out / (2 * np.tanh(step / 4)))
        ties.append(out[0] * size * peak / step[0])
        into, out_f32 = _published_f32(tie[0], 0, relative, fault)
        ties_f32.append(out_f32 / into)
    return np.concatenate(gains), np.array(ties), np.array(ties_f32)
