"""How much of the source's weights a derived model file has kept.

Each requantised ffn_down is set against the tensor that it was made from, layer by layer; every
other tensor has to be the source's to the last byte.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pv.errors import MissingError
from pv.falsifiers.ffn_gguf import faults
from pv.falsifiers.ffn_gguf.model_blocks import layer_blocks, opened
from pv.falsifiers.ffn_gguf.records import COUNT, RATIO, known_fault, metric, sample
from pv.falsifiers.interface import Run
from pv.forward.shape import read_shape
from pv.kernels.q4k_dequantize.reference import dequantize as dequantize_q4k
from pv.model.measurement import Measurements, Series
from pv.tensors.dequantize import dequantize
from pv.tensors.gguf_header import ModelFile, open_model
from pv.tensors.package_model import SMOLLM2_135M, find_package_model

Doubles = NDArray[np.float64]

_DECODER = ("missing_minimum", "scale_min_swapped", "sub_block_shift")

CONTROLS: dict[str, str] = {
    **{name: faults.DECODER[name] for name in _DECODER},
    "next_layer": "each layer is set against the source's next one",
    "source_against_itself": "the source's weights stand on both sides",
    "flipped_tensor_bit": "one bit of a tensor that was not requantised is flipped",
}

SOURCE_KEY = "pv.derived.source_sha256"
"""Where a derived file names the file that it was made from."""


def kept(run: Run) -> Measurements:
    """Measure the run's model against the source that it names."""
    model = opened(run)
    return of_models(model, run.once("source", lambda: source_of(model)), run)


def of_models(model: ModelFile, source: ModelFile, run: Run) -> Measurements:
    """Measure as `kept` does, on two open models."""
    fault = known_fault(run, CONTROLS)
    layers = range(read_shape(model).layers)
    pairs = [_pair(model, source, layer, fault) for layer in layers]
    cosines = [_cosine(ours, theirs) for ours, theirs in pairs]
    apart = [np.linalg.norm(ours - theirs) / np.linalg.norm(theirs) for ours, theirs in pairs]
    down = {_name(layer) for layer in layers}
    others = sorted(set(model.tensors) - down)
    weights = sample("ffn_down", (len(cosines), pairs[0][0].size), "cosine", dtype="float64")
    distance = sample("ffn_down", (len(cosines), pairs[0][0].size), "l2", dtype="float64")
    return Measurements(
        metrics=(
            metric("cosine", cosines, RATIO, weights),
            metric("weights_apart", apart, RATIO, distance),
            metric(
                "tensors_differing",
                sum(_differs(model, source, name, others[-1], fault) for name in others)
                + len(set(source.tensors) ^ set(model.tensors)),
                COUNT,
                sample("tensors not requantised", (len(others),), "none", dtype="uint8"),
            ),
        ),
        series=(
            Series(
                "requantised weights against the source's",
                "layer",
                "relative L2 distance of ffn_down",
                tuple(float(each) for each in layers),
                tuple(float(each) for each in apart),
            ),
        ),
        notes=(f"{len(cosines)} tensors requantised, {len(others)} as in the source",),
    )


def _name(layer: int) -> str:
    return f"blk.{layer}.ffn_down.weight"


def source_of(model: ModelFile) -> ModelFile:
    """Open the source that a derived file names; its bytes are checked against that digest."""
    named = model.metadata.get(SOURCE_KEY)
    if named != SMOLLM2_135M.sha256:
        raise MissingError(
            f"{model.path.name!r}: its source is {named or 'not named'}, which no package here has",
            advice=f"run it on a model derived from {SMOLLM2_135M.package}",
        )
    return open_model(find_package_model())


def _pair(
    model: ModelFile, source: ModelFile, layer: int, fault: str | None
) -> tuple[Doubles, Doubles]:
    """Return a layer's weights and those of the source, float64 (width * ffn,)."""
    planted = fault if fault in _DECODER else None
    blocks = faults.blocks_as_read(layer_blocks(model, layer), planted)
    other = (layer + 1) % read_shape(source).layers if fault == "next_layer" else layer
    theirs = dequantize(source, _name(other)).astype(np.float64).ravel()
    if fault == "source_against_itself":
        return theirs, theirs
    return dequantize_q4k(blocks).astype(np.float64).ravel(), theirs


def _cosine(one: Doubles, other: Doubles) -> float:
    return float(one @ other / (np.linalg.norm(one) * np.linalg.norm(other)))


def _differs(model: ModelFile, source: ModelFile, name: str, last: str, fault: str | None) -> bool:
    """Whether a tensor has other bytes, or another type or shape, than the source's."""
    if name not in source.tensors:
        return True
    ours, theirs = model.tensor(name), source.tensor(name)
    raw = np.frombuffer(model.raw(name), np.uint8)
    if fault == "flipped_tensor_bit" and name == last:
        raw = raw.copy()
        raw[-1] ^= 1
    alike = (ours.type, ours.shape) == (theirs.type, theirs.shape)
    return not (alike and np.array_equal(raw, np.frombuffer(source.raw(name), np.uint8)))
