"""Dot products of Q4_K weights and Q8_K activations, against ggml in each of its two orders."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from pv.falsifiers.ffn_gguf import faults
from pv.falsifiers.ffn_gguf.fixtures import random_blocks
from pv.falsifiers.ffn_gguf.records import COUNT, known_fault, metric, sample
from pv.falsifiers.interface import Run
from pv.falsifiers.q4k_q8k import ggml_oracle
from pv.kernels.layout import BLOCK_VALUES, Q4K_BYTES, Q8K, Order
from pv.kernels.q4k_q8k_matvec import case, numba_cpu, reference
from pv.kernels.q8k_quantize.reference import quantize_ggml, to_bytes
from pv.model.measurement import Measurements, Metric

Bytes = NDArray[np.uint8]
Floats = NDArray[np.float32]
Kernel = Callable[[Bytes, Q8K, Order], Floats]

CONTROLS: dict[str, str] = {
    **faults.DECODER,
    "scale_ten_percent": "the scale of the activation is multiplied by 1.1",
    "other_order": "each product is summed in the order of ggml's other route",
    "one_route": "ggml is asked for one of its routes twice",
}

_ORDERS = {"generic": Order.GGML_GENERIC, "avx2": Order.GGML_AVX2}
_KERNELS: dict[str, Kernel] = {"numpy": reference.matvec, "numba": numba_cpu.matvec}


class Product(NamedTuple):
    """A matrix, uint8 (rows, nb, 144), and an activation of nb blocks."""

    blocks: Bytes
    activation: Q8K


def ulps(run: Run) -> Measurements:
    """Measure the distance from ggml in units of the last place, over all rows of all products.

    Raises:
        MissingError: ggml is not installed.
    """
    fault = known_fault(run, CONTROLS)
    rows, per_row = int(run.parameter("rows")), int(run.parameter("blocks_per_row"))
    seed = int(run.parameter("seed"))
    products = run.once("products", lambda: _products(rows, per_row, seed))
    expected = run.once("ggml", lambda: {route: _by_ggml(products, route) for route in _ORDERS})
    if fault == "one_route":
        expected = dict.fromkeys(expected, expected["generic"])
    differ = _distance(expected["generic"], expected["avx2"]) > 0
    over = sample("rows of seeded products and the hard cases", differ.shape, "none")
    metrics: list[Metric] = []
    for route in _ORDERS:
        order = _ORDERS[_other(route) if fault == "other_order" else route]
        for backend, kernel in _KERNELS.items():
            found = np.concatenate([_ours(each, kernel, order, fault) for each in products])
            name = f"{route}_{backend}_ulp"
            metrics.append(metric(name, _distance(found, expected[route]).max(), "ulp", over))
    return Measurements(
        metrics=(*metrics, metric("rows_where_routes_differ", differ.sum(), COUNT, over)),
        notes=(ggml_oracle.version(),),
        seeds={"products": seed},
    )


def _products(rows: int, per_row: int, seed: int) -> list[Product]:
    """Return a seeded product, one with an outlier in its activation, and those of every case."""
    generator = np.random.default_rng(seed)
    shape = (rows, per_row, Q4K_BYTES)
    made = []
    for outlier in (1, 1000):
        x = generator.standard_normal((per_row, BLOCK_VALUES)).astype(np.float32)
        x[:, 17] *= np.float32(outlier)
        blocks = random_blocks(generator, rows * per_row).reshape(shape)
        made.append(Product(blocks, quantize_ggml(x)))
    return [*made, *(Product(*each.arguments) for each in case.cases())]


def _other(route: str) -> str:
    return "avx2" if route == "generic" else "generic"


def _by_ggml(products: list[Product], route: str) -> Floats:
    """Return all rows of all products, one after the other, float32 (n,)."""
    return np.concatenate(
        [ggml_oracle.dot(each.blocks, to_bytes(each.activation), route) for each in products]
    )


def _ours(product: Product, kernel: Kernel, order: Order, fault: str | None) -> Floats:
    activation = product.activation
    if fault == "scale_ten_percent":
        activation = activation._replace(scale=activation.scale * np.float32(1.1))
    return kernel(faults.blocks_as_read(product.blocks, fault), activation, order)


def _distance(one: Floats, other: Floats) -> NDArray[np.int64]:
    """Return how many float32 lie between finite values, sign bit included; the two zeros differ.

    The bits of a negative number count downwards from -1, so that neighbours are one apart.
    """
    left, right = (each.view(np.int32).astype(np.int64) for each in (one, other))
    left, right = (np.where(each < 0, -(2**31) - 1 - each, each) for each in (left, right))
    return np.asarray(np.abs(left - right))
