"""Whether real weights make the two paths differ by more than rounding the activation must.

Every block of one layer's ffn_down is multiplied on its own by both paths. `block_noise` sets the
difference against its a-priori bound and against the noise that rounding predicts; `one_block` is
the published question over a single block.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pv.falsifiers.bootstrap import interval, median
from pv.falsifiers.ffn_gguf import faults, noise, routes
from pv.falsifiers.ffn_gguf.activation_faults import FAULTS, Quantizer, faulty
from pv.falsifiers.ffn_gguf.arithmetic import scalar_rel_diff
from pv.falsifiers.ffn_gguf.fixtures import activation, block
from pv.falsifiers.ffn_gguf.model_blocks import Bytes, layer_blocks, opened
from pv.falsifiers.ffn_gguf.noise import Doubles, Floats, WeightEnergy
from pv.falsifiers.ffn_gguf.records import PERCENT, RATIO, known_fault, metric, sample, statistic
from pv.falsifiers.interface import Run
from pv.kernels.layout import BLOCK_VALUES
from pv.kernels.q4k_dequantize.reference import dequantize
from pv.kernels.q4k_f32_matvec.reference import absolute_terms
from pv.kernels.q4k_q8k_matvec.numpy_f32 import matmat
from pv.kernels.q4k_q8k_matvec.reference import matvec as multiply_b
from pv.kernels.q8k_quantize.reference import quantize_rust
from pv.model.measurement import Conditioning, Measurements, Metric, Ratio

_DECODER = ("missing_minimum", "scale_min_swapped")

CONTROLS = FAULTS | {name: faults.DECODER[name] for name in _DECODER}


@dataclass(frozen=True, slots=True)
class Inputs:
    """What the sound run and its controls share."""

    blocks: Bytes
    """Every block as a row of its own, uint8 (rows, 1, 144)."""
    published: Floats
    """The published activation, float32 (256,)."""
    vectors: Floats
    """Seeded normal activations, float32 (vectors, 256)."""
    exact: Doubles
    """Path A on `vectors`, float64 (vectors, rows)."""
    energy: WeightEnergy


def block_noise(run: Run) -> Measurements:
    """Measure over every block of layer `layer` of the run's model."""
    model = opened(run)
    return of_blocks(layer_blocks(model, run.parameter("layer")), run)


def of_blocks(blocks: Bytes, run: Run) -> Measurements:
    """Measure as `block_noise` does on given blocks, uint8 (rows, 144)."""
    fault = known_fault(run, CONTROLS)
    inputs = run.once("real blocks", lambda: _inputs(blocks, run))
    quantize: Quantizer = faulty(quantize_rust, fault) if fault in FAULTS else quantize_rust
    read = faults.blocks_as_read(inputs.blocks, fault)
    relative, rank = _injected(inputs, read, quantize)
    return Measurements(
        metrics=(
            *_published(inputs, read, quantize),
            *_noise(relative, rank, len(blocks), run.parameter("tail")),
        ),
        intervals=(interval("injected_median", "activations", relative, median),),
        conditionings=(_conditioning(inputs),),
        notes=(f"{len(blocks)} blocks, each a dot product of its own",),
        seeds={"vectors": run.parameter("seed")},
    )


def one_block(run: Run) -> Measurements:
    """Measure the published question: the first block of layer `layer`, one activation."""
    return of_first_block(layer_blocks(opened(run), run.parameter("layer"))[0], run)


def of_first_block(first: Bytes, run: Run) -> Measurements:
    """Measure as `one_block` does on a given block, uint8 (144,)."""
    x = activation(run.parameter("token"))
    synthetic = block(run.parameter("row"), run.parameter("matrix"))
    pairs = [_both(each[None, None], x) for each in (first, synthetic)]
    drifts = [100.0 * float(scalar_rel_diff(a, b)[0]) for a, b in pairs]
    names = ("ffn_down, first block", "synthetic block of 008")
    sides = [
        statistic("scalar rel diff", drift, sample(name, (1,), "none"))
        for drift, name in zip(drifts, names, strict=True)
    ]
    (a, b), over = pairs[0], sample(names[0], (1,), "none")
    return Measurements(
        metrics=(
            metric("rel_diff", drifts[0], PERCENT, over),
            metric("path_a", a[0], RATIO, over),
            metric("path_b", b[0], RATIO, over),
            metric("difference", abs(a[0] - b[0]), RATIO, over),
        ),
        ratios=(Ratio("amplification", *sides),),
        conditionings=(
            Conditioning(
                names[0],
                (float(abs(a[0] - b[0])),),
                (float(abs(a[0])),),
                (float(absolute_terms(first[None, None], x)[0]),),
            ),
        ),
    )


def _both(blocks: Bytes, x: Floats) -> tuple[Floats, Floats]:
    return routes.path_a(blocks, x), routes.path_b(blocks, x)


def _inputs(blocks: Bytes, run: Run) -> Inputs:
    draw = np.random.default_rng(run.parameter("seed"))
    shape = (run.parameter("vectors"), BLOCK_VALUES)
    vectors = draw.standard_normal(shape).astype(np.float32)
    weights = dequantize(blocks)
    exact = vectors.astype(np.float64) @ weights.T.astype(np.float64)
    published = activation(run.parameter("token"))
    return Inputs(blocks[:, None], published, vectors, exact, noise.weight_energy(weights))


def _published(inputs: Inputs, read: Bytes, quantize: Quantizer) -> tuple[Metric, ...]:
    """Return difference, product and bound of every block on the published activation."""
    a = routes.path_a(inputs.blocks, inputs.published)
    b = multiply_b(read, quantize(inputs.published[None]))
    gap = np.abs(a.astype(np.float64) - b)
    terms = absolute_terms(inputs.blocks, inputs.published)
    use = gap / routes.difference_bound(inputs.blocks, inputs.published)
    shape = a.shape
    most, middle = (sample("ffn_down blocks", shape, each) for each in ("largest", "median"))
    return (
        metric("bound_use", use.max(), RATIO, most),
        metric("difference", np.median(gap), RATIO, middle),
        metric("product", np.median(np.abs(a)), RATIO, middle),
        metric("difference_over_terms", (gap / terms).max(), RATIO, most),
        metric("smallest_product_over_terms", (np.abs(a) / terms).min(), RATIO, most),
    )


def _injected(inputs: Inputs, read: Bytes, quantize: Quantizer) -> tuple[Doubles, Doubles]:
    """Return the error over all blocks against a-priori noise, and its rank; (vectors,) each."""
    activations = quantize(inputs.vectors[:, None, :])
    found = matmat(read, activations.scale, activations.quants)
    step = noise.steps(inputs.vectors)
    rank = noise.effective_rank(inputs.energy, step)
    injected = np.linalg.norm(found - inputs.exact, axis=1)
    return injected / noise.predicted(inputs.energy, step), rank


def _noise(relative: Doubles, rank: Doubles, blocks: int, tail: float) -> tuple[Metric, ...]:
    """Return median and tail of the error over a-priori noise, over vectors."""
    beyond = relative / noise.upper_bound(rank, tail)
    shape = (len(relative), blocks)
    middle, over = (
        sample("ffn_down blocks", shape, each, tokens="seeded vectors", dtype="float64")
        for each in ("median", "99th percentile")
    )
    return (
        metric("injected_median", np.median(relative), RATIO, middle),
        metric(
            "injected_p99_over_bound",
            np.quantile(beyond, 1.0 - tail, method="inverted_cdf"),
            RATIO,
            over,
        ),
        metric("effective_rank", rank.min(), RATIO, over),
    )


def _conditioning(inputs: Inputs) -> Conditioning:
    """Return norms over all blocks on the published activation: no single small product counts."""
    a, b = _both(inputs.blocks, inputs.published)
    terms = absolute_terms(inputs.blocks, inputs.published)
    sizes = (a.astype(np.float64) - b, a.astype(np.float64), terms)
    difference, denominator, scale = ((float(np.linalg.norm(each)),) for each in sizes)
    return Conditioning("all blocks", difference, denominator, scale)
