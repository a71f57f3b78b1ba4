"""What requantising costs in perplexity: a derived file beside the one that it was made from.

Both files predict the same texts, on the reference engine, so that the files alone differ. Texts
are drawn again for the interval: tokens of one text are not independent.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import numpy as np
from numpy.typing import NDArray

from pv.falsifiers.bootstrap import interval
from pv.falsifiers.ffn_gguf import faults
from pv.falsifiers.ffn_gguf.model_blocks import opened
from pv.falsifiers.ffn_gguf.records import RATIO, baseline, known_fault, metric, sample
from pv.falsifiers.interface import Run
from pv.falsifiers.model_file.source_weights import source_of
from pv.falsifiers.model_file.texts import TEXTS
from pv.forward import transformer
from pv.forward.engine import Engine, reference, replaced
from pv.forward.interface import Floats
from pv.forward.trunk import Trunk
from pv.kernels.q4k_dequantize.reference import dequantize
from pv.model.measurement import Measurements
from pv.tokens import tokenizer_of

Doubles = NDArray[np.float64]
Texts = Sequence[Sequence[int]]

_DECODER = ("missing_minimum",)

CONTROLS: dict[str, str] = {
    **{name: faults.DECODER[name] for name in _DECODER},
    "source_on_both_sides": "the source is set against itself",
}


def ratio(run: Run) -> Measurements:
    """Measure the run's model beside the source that it names."""
    model = opened(run)
    tokenizer = tokenizer_of(model)
    texts = [tokenizer.encode(each) for each in TEXTS]
    source = run.once("source", lambda: Trunk(source_of(model)))
    return of_trunks(Trunk(model), source, texts, run)


def of_trunks(derived: Trunk, source: Trunk, texts: Texts, run: Run) -> Measurements:
    """Measure as `ratio` does, on open trunks and texts of token ids."""
    fault = known_fault(run, CONTROLS)
    theirs = run.once("theirs", lambda: surprise(source, texts, reference(source)))
    if fault == "source_on_both_sides":
        ours = theirs
    elif fault:
        ours = surprise(derived, texts, _faulty(derived, fault))
    else:
        ours = surprise(derived, texts, reference(derived))
    counts = np.array([len(each) - 1 for each in texts], np.float64)
    pairs = np.column_stack([ours - theirs, counts])
    found = float(_ratio(pairs[None])[0])
    drawn = interval("perplexity_ratio_upper", "texts", pairs, _ratio)
    shape = (len(texts), int(counts.sum()))
    over, plain = (
        sample("texts", shape, how, tokens="all but first", dtype="float64")
        for how in ("mean", "none")
    )
    ends = sample("texts", shape, "97.5th percentile", tokens="all but first", dtype="float64")
    sides = (("perplexity", "derived file"), ("perplexity", "source file"))
    return Measurements(
        metrics=(
            metric("perplexity_ratio", found, RATIO, over),
            metric("perplexity_ratio_upper", drawn.high, RATIO, ends),
            metric("largest_gap", np.abs(ours - theirs).max(), "nat", plain),
            metric("perplexity", np.exp(ours.sum() / counts.sum()), RATIO, over),
        ),
        intervals=(drawn,),
        baselines=tuple(
            baseline(name, *sides) for name in ("perplexity_ratio", "perplexity_ratio_upper")
        ),
        notes=(f"{len(texts)} short texts, {int(counts.sum())} predicted tokens",),
    )


def surprise(trunk: Trunk, texts: Texts, engine: Engine) -> Doubles:
    """Return the negative log likelihood of each text after its first token, in nats, (texts,)."""
    stream = transformer.run(trunk, texts, engine).residual[-1]
    scores = transformer.logits(trunk, stream, engine)
    found = np.empty(len(texts))
    first = 0
    for at, text in enumerate(texts):
        wide = scores[first : first + len(text) - 1].astype(np.float64)
        most = wide.max(axis=1, keepdims=True)
        total = most[:, 0] + np.log(np.exp(wide - most).sum(axis=1))
        found[at] = (total - wide[np.arange(len(wide)), list(text[1:])]).sum()
        first += len(text)
    return found


def _ratio(pairs: Doubles) -> Doubles:
    """Return the ratio of perplexities of each draw, pairs (draws, texts, 2)."""
    return np.asarray(np.exp(pairs[..., 0].sum(axis=1) / pairs[..., 1].sum(axis=1)))


def _faulty(trunk: Trunk, fault: str) -> Engine:
    return replaced(reference(trunk), "ffn_down", partial(_product, trunk, fault))


def _product(trunk: Trunk, fault: str, layer: int, inner: Floats) -> Floats:
    """Multiply with the blocks of a layer's ffn_down as a decoder with the fault reads them."""
    blocks = faults.blocks_as_read(trunk.ffn_down_blocks(layer), fault)
    weights = dequantize(blocks).reshape(trunk.shape.width, trunk.shape.ffn)
    return np.asarray(inner @ weights.T)
