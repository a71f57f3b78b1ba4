"""The published one-super-block recipe, and how little it can carry from layer to layer.

In layer l both paths multiply the first super-block of ffn_down with an activation of 256 numbers.
The next activation is the *first* one times `1 + c * out / max(|out|, 1)`, with c = 0.001 as
published. `published` runs it operation for operation in float32. `exact` runs it with integers
where they are integers and float64 elsewhere, in any order of the layers and with any c; c = 0
starts every layer anew. The bounds are derived in docs/derivations.md.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pv.errors import BadInputError
from pv.falsifiers.ffn_gguf.arithmetic import UNIT, scalar_rel_diff
from pv.kernels.layout import Q8K
from pv.kernels.q4k_dequantize.reference import dequantize
from pv.kernels.q4k_f32_matvec.reference import matvec as multiply_a
from pv.kernels.q4k_q8k_matvec.reference import absolute_terms, matvec_f64
from pv.kernels.q4k_q8k_matvec.reference import matvec as multiply_b
from pv.kernels.q8k_quantize.reference import quantize_rust

Bytes = NDArray[np.uint8]
Floats = NDArray[np.float32]
Wide = NDArray[np.float64]

UNIT_WIDE = 2.0**-53
"""Unit roundoff of float64."""

Carry = Callable[[Wide, Wide, float], Wide]
"""Activation and weights of a layer and its output, to the next activation."""


@dataclass(frozen=True, slots=True)
class Outputs:
    """What the layers gave, by layer number whatever the order they ran in."""

    a: Wide
    """Path A, float64 (layers,)."""
    b: Wide
    """Path B."""
    before: tuple[int | None, ...]
    """The layer that ran before each one; None for the first."""
    quants: NDArray[np.int8]
    """Quants of path B's activation, int8 (layers, 256)."""

    @property
    def relative(self) -> Wide:
        """Return |A - B| / |A| of each layer.

        Raises:
            BadInputError: an output of path A is so small that the recipe's floor would act.
        """
        small = np.abs(self.a) < 1e-9
        if small.any():
            layer = int(np.argmax(small))
            raise BadInputError(
                f"layer {layer}: |A| is {abs(self.a[layer]):.3g}, below 1e-9:"
                " the recipe's ratio is not defined there"
            )
        return np.asarray(np.abs(self.a - self.b) / np.abs(self.a))


@dataclass(frozen=True, slots=True)
class Published:
    """What the recipe as published gives."""

    a: Floats
    """Path A, float32 (layers,)."""
    b: Floats
    """Path B."""
    quants: NDArray[np.int8]
    """Quants of path B's activation, int8 (layers, 256)."""

    @property
    def relative(self) -> Wide:
        """The published ratio of each layer, a float32 quotient."""
        return scalar_rel_diff(self.a, self.b).astype(np.float64)


def published(blocks: Bytes, start: Floats, coupling: float) -> Published:
    """Run the recipe operation for operation.

    `blocks` is uint8 (layers, 144), `start` float32 (256,). Path A folds in index order, path B
    adds sub-block after sub-block; activations take the upstream Rust Q8_K.
    """
    a = b = start
    outputs, quants = [], []
    for block in blocks[:, None, None, :]:
        activation = quantize_rust(b[None, :])
        of_a, of_b = multiply_a(block, a)[0], multiply_b(block, activation)[0]
        outputs.append((of_a, of_b))
        quants.append(activation.quants[0])
        a, b = (start * _factor(each, coupling) for each in (of_a, of_b))
    both = np.array(outputs, dtype=np.float32)
    return Published(both[:, 0], both[:, 1], np.stack(quants))


def _factor(output: np.float32, coupling: float) -> np.float32:
    share = output / max(abs(output), np.float32(1.0))
    return np.float32(1.0) + share * np.float32(coupling)


def scaled_start(start: Wide, coupling: float) -> Carry:
    """Return the recipe's step: the first activation, times a factor close to 1."""

    def carry(_activation: Wide, _weights: Wide, output: float) -> Wide:
        return start * (1.0 + coupling * output / max(abs(output), 1.0))

    return carry


def added_output(activation: Wide, weights: Wide, output: float) -> Wide:
    """Return an activation that a layer has really changed: its output, added along its weights."""
    return activation + weights * (output / float(weights @ weights))


def exact(blocks: Bytes, start: Wide, carry: Carry, order: Sequence[int] | None = None) -> Outputs:
    """Run the recipe with exact integers and float64, over the layers in `order`."""
    chosen = range(len(blocks)) if order is None else order
    weights = dequantize(blocks).astype(np.float64)
    a, b, quants = (
        np.zeros(len(blocks)),
        np.zeros(len(blocks)),
        np.zeros((len(blocks), 256), "i1"),
    )
    before: list[int | None] = [None] * len(blocks)
    of_a = of_b = start
    last: int | None = None
    for layer in chosen:
        a[layer] = weights[layer] @ of_a
        b[layer], quants[layer] = _path_b(blocks[layer], of_b)
        of_a = carry(of_a, weights[layer], a[layer])
        of_b = carry(of_b, weights[layer], b[layer])
        before[layer], last = last, layer
    return Outputs(a, b, tuple(before), quants)


def _path_b(block: Bytes, x: Wide) -> tuple[float, NDArray[np.int8]]:
    """Quantise as the upstream Rust code does, in float64, and multiply."""
    step = np.abs(x).max() / 127.0
    quants = np.copysign(np.floor(np.abs(x / step) + 0.5), x).astype(np.int8)
    return float(step * _integer_dot(block, quants)), quants


def _integer_dot(block: Bytes, quants: NDArray[np.int8]) -> float:
    return float(matvec_f64(block[None, None], _unscaled(quants))[0])


def _unscaled(quants: NDArray[np.int8]) -> Q8K:
    return Q8K(np.ones(1, np.float32), quants[None], np.zeros((1, 16), np.int16))


@dataclass(frozen=True, slots=True)
class Terms:
    """Sums of magnitudes that rounding errors scale with, at the first activation; (layers,)."""

    a: Wide
    """Sum of |x||w|."""
    b: Wide
    """Sum of the magnitudes of path B's terms."""


def terms(blocks: Bytes, start: Wide) -> Terms:
    """Return the magnitudes behind both paths."""
    weights = np.abs(dequantize(blocks).astype(np.float64))
    step = np.abs(start).max() / 127.0
    _, quants = _path_b(blocks[0], start)
    of_b = [absolute_terms(block, _unscaled(quants))[0] for block in blocks[:, None, None, :]]
    return Terms(weights @ np.abs(start), step * np.asarray(of_b))


def coupling_bound(run: Outputs, alone: Outputs, size: Terms, coupling: float) -> Wide:
    """Return how far the recipe can move each layer's ratio from what the layer gives alone.

    `coupling / (1 - coupling) * min(|A' - B'|, 2) * |B / A|`, with A', B' of the layer that ran
    before in `run` and A, B of the layer alone, plus the rounding of float64.
    """
    gap = np.minimum(np.abs(run.a - run.b), 2.0)
    carried = np.array([0.0 if each is None else gap[each] for each in run.before])
    ratio = np.abs(alone.b / alone.a)
    rounding = 4 * 264 * UNIT_WIDE * (size.b + ratio * size.a) / np.abs(alone.a)
    return np.asarray(coupling / (1.0 - coupling) * carried * ratio + rounding)


def float32_noise(run: Outputs, size: Terms, coupling: float) -> Wide:
    """Return how far float32 rounding can move each layer's ratio from that of `run`.

    `run` is the exact recipe in the published order, whose quants float32 does not change.

    Raises:
        BadInputError: rounding could turn the sign of an output, so that there is no bound.
    """
    grown = 1.0 / (1.0 - coupling)
    noise_a = noise_b = 0.0
    bounds = []
    for a, b, of_a, of_b in zip(run.a, run.b, size.a, size.b, strict=True):
        carried_a, carried_b = (coupling * min(each, 2.0) for each in (noise_a, noise_b))
        noise_a = grown * (carried_a + 264 * UNIT) * of_a
        noise_b = grown * (carried_b + 24 * UNIT) * of_b
        if noise_a >= abs(a):
            raise BadInputError(f"|A| = {abs(a):.3g} is within its rounding {noise_a:.3g}")
        ratio = abs(b / a)
        rounded = 4 * UNIT * (1.0 + ratio)
        bounds.append((noise_b + ratio * noise_a) / (abs(a) - noise_a) + rounded)
    return np.asarray(bounds)
