"""The cosine between a quantised model's weights and its source's, layer by layer, for any model.

The source is a file in a wider type that the user has: the environment variable `PV_SOURCE_MODEL`
names it. Weights of both pass through in slices.
"""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np

from pv.errors import BadInputError, MissingError
from pv.falsifiers.ffn_gguf.model_blocks import opened
from pv.falsifiers.ffn_gguf.records import COUNT, RATIO, known_fault, metric, sample
from pv.falsifiers.interface import Run
from pv.forward.trunk import Trunk
from pv.model.measurement import Measurements, Series
from pv.tensors.gguf_header import open_model

CONTROLS: dict[str, str] = {
    "next_layer": "each layer is set against the source's next one",
    "source_against_itself": "the source's weights stand on both sides",
}

OUTSIDE = {"PV_SOURCE_MODEL": "the file that the model was quantised from"}
(VARIABLE,) = OUTSIDE


def by_layer(run: Run) -> Measurements:
    """Measure all matrices of every layer of the run's model against the user's source."""
    model = opened(run)
    source = run.once("source trunk", lambda: Trunk(open_model(source_path())))
    return of_trunks(run.once("trunk", lambda: Trunk(model)), source, run)


def source_path() -> Path:
    """Return the user's source file; raises `MissingError` where none is named, or it is gone."""
    named = os.environ.get(VARIABLE)
    if not named or not Path(named).is_file():
        raise MissingError(
            f"the source of this model is not here: {VARIABLE} is {named or 'not set'}",
            advice=f"set {VARIABLE} to a GGUF file of the same model in a wider type",
        )
    return Path(named)


def of_trunks(ours: Trunk, source: Trunk, run: Run) -> Measurements:
    """Measure as `by_layer` does, on open trunks; raises `BadInputError` for unlike shapes."""
    fault = known_fault(run, CONTROLS)
    if ours.shape.matrices() != source.shape.matrices() or ours.layers != source.layers:
        raise BadInputError(
            f"{source.model.path.name!r}: its layers have other shapes than"
            f" {ours.model.path.name!r}",
            advice=f"set {VARIABLE} to a file of the same model",
        )
    left = source if fault == "source_against_itself" else ours
    shift = 1 if fault == "next_layer" else 0
    found = [
        _cosine(left, source, layer, (layer + shift) % source.layers)
        for layer in range(source.layers)
    ]
    size = sum(rows * columns for rows, columns in ours.shape.matrices().values())
    over = sample("matrices of a layer", (len(found), size), "cosine", dtype="float64")
    differing = sum(one < 1.0 for one in found)
    return Measurements(
        metrics=(
            metric("cosine", found, RATIO, over),
            metric("layers_apart", differing, COUNT, over),
        ),
        series=(
            Series(
                "quantised weights against the source's",
                "layer",
                "cosine",
                tuple(float(each) for each in range(len(found))),
                tuple(found),
            ),
        ),
        notes=(f"{len(found)} layers of {len(ours.shape.matrices())} matrices",),
    )


def _cosine(one: Trunk, other: Trunk, layer: int, against: int) -> float:
    """Return the cosine of all weights of a layer as one vector, sums in float64."""
    dot = ours = theirs = 0.0
    for stem in one.shape.matrices():
        names = (f"blk.{at}.{stem}.weight" for at in (layer, against))
        pair = (trunk.slices(name) for trunk, name in zip((one, other), names, strict=True))
        for (rows, a), (others, b) in zip(*pair, strict=True):
            if rows != others:
                raise BadInputError(f"{stem}: slices of two files do not match")
            dot += float(np.einsum("ij,ij->", a, b, dtype=np.float64))
            ours += float(np.einsum("ij,ij->", a, a, dtype=np.float64))
            theirs += float(np.einsum("ij,ij->", b, b, dtype=np.float64))
    return float(dot / np.sqrt(ours * theirs))
