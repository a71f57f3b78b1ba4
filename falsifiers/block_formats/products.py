"""Dot products of quantised blocks: bits against ggml, bounds against the exact sum."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from pv.falsifiers.block_formats import faults
from pv.falsifiers.block_formats.exact_products import Sums, multiply
from pv.falsifiers.block_formats.formats import (
    FORMATS,
    PRODUCTS,
    Bytes,
    Floats,
    Product,
    chosen,
)
from pv.falsifiers.ffn_gguf.arithmetic import UNIT
from pv.falsifiers.ffn_gguf.records import COUNT, RATIO, known_fault, metric, sample
from pv.falsifiers.interface import Run
from pv.falsifiers.q4k_q8k import ggml_oracle
from pv.kernels.layout import Q8K, Order
from pv.kernels.q8k_quantize.reference import to_bytes
from pv.model.measurement import Measurements, Metric

CONTROLS: dict[str, str] = {
    **faults.READER,
    "scale_ten_percent": "the scale of the activation is multiplied by 1.1",
    "other_order": "each product is summed in the order of ggml's other route",
    "one_route": "ggml is asked for one of its routes twice",
}

_ORDERS = {"generic": Order.GGML_GENERIC, "avx2": Order.GGML_AVX2}


class Pair(NamedTuple):
    """A matrix, uint8 (rows, nb, bytes), and an activation of nb blocks."""

    blocks: Bytes
    activation: Any


def ulps(run: Run) -> Measurements:
    """Measure the distance from ggml in units of the last place, and from the exact sum in bounds.

    Raises:
        MissingError: ggml is not installed.
        UsageError: a product that does not exist, or a fault that does not fit it.
    """
    fault = known_fault(run, CONTROLS)
    kinds, product = chosen(run, "product", PRODUCTS)
    seed = int(run.parameter("seed"))
    pairs = run.once("pairs", lambda: _pairs(product, run))
    expected = run.once("ggml", lambda: {each: _by_ggml(kinds, pairs, each) for each in _ORDERS})
    exact = run.once("exact", lambda: multiply(kinds, pairs[0].blocks, _stored(pairs[0])))
    if fault == "one_route":
        expected = dict.fromkeys(expected, expected["generic"])
    differ = _distance(expected["generic"], expected["avx2"]) > 0
    over = sample("rows of a seeded product and the hard cases", differ.shape, "none")
    metrics: list[Metric] = []
    furthest = 0.0
    for route in _ORDERS:
        order = _ORDERS[_other(route) if fault == "other_order" else route]
        for backend, kernel in (("numpy", product.numpy), ("numba", product.numba)):
            found = [kernel(*_as_read(each, product, fault), order) for each in pairs]
            gap = _distance(np.concatenate(found), expected[route]).max()
            metrics.append(metric(f"{route}_{backend}_ulp", gap, "ulp", over))
            furthest = max(furthest, _over_bound(found[0], exact, pairs[0], product))
    rows = sample("rows of the seeded product", exact.exact.shape, "maximum", dtype="float64")
    return Measurements(
        metrics=(
            *metrics,
            metric("error_over_bound", furthest, RATIO, rows),
            metric("rows_where_routes_differ", differ.sum(), COUNT, over),
        ),
        notes=(ggml_oracle.version(),),
        seeds={"products": seed},
    )


def _pairs(product: Product, run: Run) -> list[Pair]:
    """Return a seeded product and those of every case."""
    rows, per_row = int(run.parameter("rows")), int(run.parameter("blocks_per_row"))
    name, form = f"seed {run.parameter('seed')}", FORMATS[product.weights]
    blocks = form.blocks(name, rows * per_row).reshape(rows, per_row, form.size)
    seeded = Pair(blocks, product.activation(name, per_row))
    return [seeded, *(Pair(*each.arguments) for each in product.cases())]


def _stored(pair: Pair) -> Bytes:
    """Return the activation as ggml stores it."""
    found = pair.activation
    return to_bytes(found) if isinstance(found, Q8K) else found


def _by_ggml(kinds: str, pairs: list[Pair], route: str) -> Floats:
    """Return all rows of all products, one after the other, float32 (n,)."""
    found = [ggml_oracle.dot(each.blocks, _stored(each), route, kinds) for each in pairs]
    return np.concatenate(found)


def _as_read(pair: Pair, product: Product, fault: str | None) -> Pair:
    activation = pair.activation
    if fault == "scale_ten_percent" and isinstance(activation, Q8K):
        activation = activation._replace(scale=activation.scale * np.float32(1.1))
    elif fault == "scale_ten_percent":
        activation = faults.rescaled(activation, 1.1, 1)
    return Pair(faults.as_read(pair.blocks, product.weights, fault), activation)


def _over_bound(found: Floats, exact: Sums, pair: Pair, product: Product) -> float:
    """Return the largest |found - exact| over (additions nb + 12) u sum|terms|."""
    units = product.additions * pair.blocks.shape[1] + 12
    gap = np.abs(found.astype(np.float64) - exact.exact)
    return float((gap / (units * UNIT * exact.magnitude)).max())


def _other(route: str) -> str:
    return "avx2" if route == "generic" else "generic"


def _distance(one: Floats, other: Floats) -> NDArray[np.int64]:
    """Return how many float32 lie between finite values, sign bit included; the two zeros differ.

    The bits of a negative number count downwards from -1, so that neighbours are one apart.
    """
    left, right = (each.view(np.int32).astype(np.int64) for each in (one, other))
    left, right = (np.where(each < 0, -(2**31) - 1 - each, each) for each in (left, right))
    return np.asarray(np.abs(left - right))
