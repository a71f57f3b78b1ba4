"""SwiGLU, the elementwise step between the quantised products, against scalar arithmetic.

The scalar form is built on tanh, so that it shares not even a formula with the kernel.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from pv.falsifiers.ffn_gguf.records import RATIO, known_fault, metric, sample
from pv.falsifiers.interface import Run
from pv.kernels.swiglu.reference import swiglu
from pv.model.measurement import Measurements

Wide = NDArray[np.float64]

CONTROLS: dict[str, str] = {
    "swapped_operands": "the other factor goes through the gate",
    "wrong_sign": "the exponential is taken of the gate instead of its negative",
    "missing_gate": "the gate enters without its sigmoid",
}

_ROUNDINGS = 16 * 2.0**-53


def agreement(run: Run) -> Measurements:
    """Measure the kernel against the scalar form, and the identity f(g) - f(-g) = g."""
    fault = known_fault(run, CONTROLS)
    count, seed = int(run.parameter("values")), int(run.parameter("seed"))
    generator = np.random.default_rng(seed)
    # Up to the size where one side of the gate is closed to the last bit.
    gate = generator.uniform(-40, 40, size=count)
    up = generator.standard_normal(count)
    expected = np.array([_scalar(g, u) for g, u in zip(gate.tolist(), up.tolist(), strict=True)])
    got = _kernel(gate, up, fault)
    # 1 - tanh loses what it subtracts: its error is one of the gate's size, not of the result's.
    error = np.abs(got - expected) / (_ROUNDINGS * np.abs(gate * up))
    identity = np.abs(got - _kernel(-gate, up, fault) - gate * up)

    over = sample("uniform gates, normal factors", (count,), "maximum", dtype="float64")
    return Measurements(
        metrics=(
            metric("error_over_bound", error.max(), RATIO, over),
            metric(
                "identity_over_bound",
                (identity / (_ROUNDINGS * np.abs(gate * up))).max(),
                RATIO,
                over,
            ),
        ),
        seeds={"values": seed},
    )


def _kernel(gate: Wide, up: Wide, fault: str | None) -> Wide:
    if fault == "swapped_operands":
        return swiglu(up, gate).astype(np.float64)
    if fault == "wrong_sign":
        return -swiglu(-gate, up).astype(np.float64)
    if fault == "missing_gate":
        return gate * up
    return swiglu(gate, up).astype(np.float64)


def _scalar(gate: float, up: float) -> float:
    """Return gate * sigmoid(gate) * up, the sigmoid as (1 + tanh(gate / 2)) / 2."""
    return gate * 0.5 * (1.0 + math.tanh(0.5 * gate)) * up
