"""Whether the last token's logits of both sides point the same way."""

from __future__ import annotations

import numpy as np

from pv.falsifiers.apr_gguf_parity.sides import FAULTS, Sides, open_sides
from pv.falsifiers.ffn_gguf.records import RATIO, known_fault, metric, sample
from pv.falsifiers.interface import Run
from pv.model.measurement import Measurements

CONTROLS: dict[str, str] = {
    **FAULTS,
    "same_side": "the reference stands on both sides",
}


def cosine(run: Run) -> Measurements:
    """Measure the cosine over the full vocabulary."""
    return of_sides(open_sides(run), run)


def of_sides(sides: Sides, run: Run) -> Measurements:
    """Measure as `cosine` does, on sides that are open already."""
    fault = known_fault(run, CONTROLS)
    theirs = sides.reference("last").logits.astype(np.float64)
    same = fault == "same_side"
    ours = theirs if same else sides.production("last", fault).logits.astype(np.float64)
    sizes = np.linalg.norm(ours), np.linalg.norm(theirs)
    apart = np.linalg.norm(ours - theirs) / sizes[1]
    over, beside = (
        sample("logits", theirs.shape, how, tokens="last", dtype="float64")
        for how in ("cosine", "l2")
    )
    return Measurements(
        metrics=(
            metric("logit_cosine", ours @ theirs / (sizes[0] * sizes[1]), RATIO, over),
            metric("logits_apart", apart, RATIO, beside),
            metric("first_differs", int(ours.argmax() != theirs.argmax()), "count", over),
        ),
        notes=(sides.told(),),
    )
