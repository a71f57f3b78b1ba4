"""Weights that our decoders read from blocks, against the bits that ggml reads."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pv.falsifiers.block_formats import faults
from pv.falsifiers.block_formats.formats import FORMATS, Bytes, Floats, Format, chosen
from pv.falsifiers.ffn_gguf.records import COUNT, known_fault, metric, sample
from pv.falsifiers.interface import Run
from pv.falsifiers.q4k_q8k import ggml_oracle
from pv.model.measurement import Measurements

CONTROLS: dict[str, str] = {
    **faults.READER,
    "easy_inputs": "every f16 field is an ordinary positive number",
}


def bits(run: Run) -> Measurements:
    """Count weights whose bits differ from ggml's, for NumPy and for Numba.

    Raises:
        MissingError: ggml is not installed.
        UsageError: a format that does not exist, or a fault that does not fit it.
    """
    fault = known_fault(run, CONTROLS)
    kind, form = chosen(run, "format", FORMATS)
    count, seed = int(run.parameter("blocks")), int(run.parameter("seed"))
    blocks = run.once("blocks", lambda: _blocks(form, count, seed))
    if fault == "easy_inputs":
        blocks = _plain(blocks, form)
        expected = ggml_oracle.dequantize(kind, blocks)
    else:
        expected = run.once("ggml", lambda: ggml_oracle.dequantize(kind, blocks))
    read = faults.as_read(blocks, kind, fault)
    words = np.stack([_words(blocks, at) for at in form.halves])
    over = sample(f"seeded {kind} blocks and the hard cases", expected.shape, "none")
    fields = sample("f16 fields of the same blocks", words.shape, "none", dtype="float16")
    return Measurements(
        metrics=(
            metric("numpy_mismatches", _differing(form.numpy(read), expected), COUNT, over),
            metric("numba_mismatches", _differing(form.numba(read), expected), COUNT, over),
            metric("subnormal_scales", (words >> 10 & 31 == 0).sum(), COUNT, fields),
            metric("negative_scales", (words >> 15).sum(), COUNT, fields),
        ),
        notes=(ggml_oracle.version(),),
        seeds={"blocks": seed},
    )


def _blocks(form: Format, count: int, seed: int) -> Bytes:
    """Return seeded blocks and those of every case of the operation, uint8 (n, bytes)."""
    cases = [each.arguments[0].reshape(-1, form.size) for each in form.cases()]
    return np.concatenate([form.blocks(f"seed {seed}", count), *cases])


def _plain(blocks: Bytes, form: Format) -> Bytes:
    made = blocks.copy()
    for at in form.halves:
        made[:, at : at + 2] = np.array([1.5], "<f2").view(np.uint8)
    return made


def _words(blocks: Bytes, at: int) -> NDArray[np.uint16]:
    return np.ascontiguousarray(blocks[:, at : at + 2]).view("<u2")[:, 0]


def _differing(found: Floats, expected: Floats) -> int:
    """Count unequal bit patterns; a NaN, from an infinite scale, has no one pattern."""
    nan = np.isnan(found) & np.isnan(expected)
    return int(((found.view(np.uint32) != expected.view(np.uint32)) & ~nan).sum())
