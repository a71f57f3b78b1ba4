"""Whether every tensor takes the route of its own type, whatever other types the file holds.

A product with quantised weights has to err as storing its activations must; operations with F32
tensors, whose activations stay as they are, by rounding alone.
"""

from __future__ import annotations

from collections import Counter
from typing import NamedTuple

import numpy as np

from pv.falsifiers.apr_gguf_parity.product_noise import UNIT, Doubles, Product, judged_product
from pv.falsifiers.apr_gguf_parity.sides import PRODUCTION, REFERENCE, trunk_of
from pv.falsifiers.ffn_gguf.model_blocks import opened
from pv.falsifiers.ffn_gguf.records import COUNT, RATIO, known_fault, metric, sample
from pv.falsifiers.interface import Run
from pv.forward.engine import ENGINES, Engine
from pv.forward.interface import Floats
from pv.forward.trunk import Trunk
from pv.model.measurement import Measurements, Series
from pv.tensors.ggml_types import GgmlType

CONTROLS: dict[str, str] = {
    "one_route": "every matrix takes the route without quantised activations",
    "other_route": "activations are stored in 15 levels before every product",
    "stored_norms": "activations are stored in 8 bits before they meet an F32 tensor",
}

_LEVELS, _FEWER_LEVELS = np.float32(127), np.float32(7)
_GROUP = 32


class Prepared(NamedTuple):
    """What the sound run and its faults share."""

    matrices: dict[str, tuple[Floats, Product]]
    """Activations, exact product and allowed error of every quantised matrix looked at."""
    vectors: dict[str, tuple[Floats, Doubles]]
    """Stream and exact norm of every norm looked at."""


def routes(run: Run) -> Measurements:
    """Measure matrices and norms of the parameter `layers`."""
    model = opened(run)
    return of_trunk(run.once("trunk", lambda: trunk_of(model)), run)


def of_trunk(trunk: Trunk, run: Run) -> Measurements:
    """Measure as `routes` does, on an open trunk."""
    fault = known_fault(run, CONTROLS)
    prepared = run.once("prepared", lambda: _prepared(trunk, run))
    engines = {name: ENGINES[name](trunk) for name in (PRODUCTION, REFERENCE)}
    engine = engines[REFERENCE if fault == "one_route" else PRODUCTION]
    over, above = [], []
    for name, (x, product) in prepared.matrices.items():
        found = engine.product(name, _stored(x, _FEWER_LEVELS) if fault == "other_route" else x)
        error = np.linalg.norm(found - product.exact, axis=1)
        over.append((error / product.largest).max())
        above.append(float(np.sqrt(np.square(error / product.expected).mean())))
    norms = [
        _norm_use(engines[PRODUCTION], trunk, name, one, fault)
        for name, one in prepared.vectors.items()
    ]
    types = Counter(trunk.model.tensor(name).type for name in prepared.matrices)
    return _measurements(over, above, norms, types)


def _measurements(
    over: list[float], above: list[float], norms: list[float], types: Counter[GgmlType]
) -> Measurements:
    spread = sample("quantised matrices", (len(over),), "l2", tokens="seeded", dtype="float64")
    plain = sample("F32 tensors", (len(norms),), "none", tokens="seeded", dtype="float64")
    told = ", ".join(f"{count} {kind.name}" for kind, count in sorted(types.items()))
    return Measurements(
        metrics=(
            metric("injected_over_bound", over, RATIO, spread),
            metric("injected_over_noise", above, RATIO, spread),
            metric("f32_over_rounding", norms, RATIO, plain),
            metric("types", len(types), COUNT, sample("types", (len(types),), "none")),
        ),
        series=(
            Series(
                "injected error over a-priori noise, by matrix",
                "matrix",
                "ratio",
                tuple(float(each) for each in range(len(above))),
                tuple(float(each) for each in above),
            ),
        ),
        notes=(f"matrices by type: {told}", f"{len(norms)} F32 tensors"),
    )


def _prepared(trunk: Trunk, run: Run) -> Prepared:
    """Draw activations for every tensor looked at, and compute what is exact and allowed."""
    draw = np.random.default_rng(int(run.parameter("seed")))
    tokens, tail = int(run.parameter("tokens")), float(run.parameter("tail"))
    asked = run.parameter("layers")
    layers = range(trunk.layers) if asked == "all" else [int(each) for each in asked]
    names = [f"blk.{layer}.{stem}.weight" for layer in layers for stem in trunk.shape.matrices()]
    matrices, vectors = {}, {}
    for name in names:
        x = draw.standard_normal((tokens, trunk.model.tensor(name).shape[1])).astype(np.float32)
        if trunk.model.tensor(name).type is not GgmlType.F32:
            matrices[name] = x, judged_product(trunk, name, x, tail)
    for name in (*(f"blk.{layer}.ffn_norm.weight" for layer in layers), "output_norm.weight"):
        x = draw.standard_normal((tokens, trunk.shape.width)).astype(np.float32)
        vectors[name] = x, _exact_norm(trunk, name, x)
    return Prepared(matrices, vectors)


def _exact_norm(trunk: Trunk, name: str, x: Floats) -> Doubles:
    wide = x.astype(np.float64)
    power = np.square(wide).mean(axis=1, keepdims=True) + trunk.shape.eps
    return np.asarray(wide / np.sqrt(power) * trunk.vector(name).astype(np.float64))


def _norm_use(
    engine: Engine, trunk: Trunk, name: str, one: tuple[Floats, Doubles], fault: str | None
) -> float:
    """Return the largest error of a norm over (n / 2 + 8) u of its result."""
    x, exact = one
    given = _stored(x, _LEVELS) if fault == "stored_norms" else x
    error = np.abs(engine.rms_norm(given, trunk.vector(name), trunk.shape.eps) - exact)
    return float((error / ((x.shape[1] / 2 + 8) * UNIT * np.abs(exact))).max())


def _stored(x: Floats, levels: np.float32) -> Floats:
    """Return activations rounded to so many levels either side of 0, in groups."""
    blocks = x.reshape(len(x), -1, _GROUP)
    step = np.abs(blocks).max(axis=-1, keepdims=True) / levels
    return np.asarray((np.rint(blocks / step) * step).reshape(x.shape))
