"""Bytes of the blocks that our quantisers write in blocks of 32, against those that ggml writes."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import NamedTuple

import numpy as np

from pv.falsifiers.block_formats import faults
from pv.falsifiers.block_formats.formats import Bytes, Floats, chosen
from pv.falsifiers.ffn_gguf.records import COUNT, known_fault, metric, sample
from pv.falsifiers.interface import Run
from pv.falsifiers.q4k_q8k import ggml_oracle
from pv.kernels.cases import Case
from pv.kernels.layout import SHORT_BLOCK_VALUES, Rounding
from pv.kernels.q4_1_quantize import case as q4_1_case
from pv.kernels.q4_1_quantize import numba_cpu as q4_1_numba
from pv.kernels.q4_1_quantize import reference as q4_1
from pv.kernels.q8_0_quantize import case as short_case
from pv.kernels.q8_0_quantize import numba_cpu as q8_0_numba
from pv.kernels.q8_0_quantize import reference as q8_0
from pv.kernels.q8_1_quantize import numba_cpu as q8_1_numba
from pv.kernels.q8_1_quantize import reference as q8_1
from pv.model.measurement import Measurements

CONTROLS: dict[str, str] = {
    **faults.READER,
    "other_rounding": "values are rounded as ggml's other routine does",
    "scale_ten_percent": "the stored scale is multiplied by 1.1",
    "easy_inputs": "normal values only, without the hard cases",
}


class Quantiser(NamedTuple):
    """A routine of ggml and our kernels for it."""

    kind: str
    vectors: bool
    """Whether it is the routine of ggml's vector library."""
    other: str
    """The routine with the other rounding, its own name where there is none."""
    cases: Callable[[], list[Case]]
    numpy: Callable[[Floats], Bytes]
    numba: Callable[[Floats], Bytes]


QUANTISERS: dict[str, Quantiser] = {
    **{
        f"{kind} {rounding}": Quantiser(
            kind,
            rounding == Rounding.AVX2,
            f"{kind} {other}",
            short_case.cases,
            partial(numpy, rounding=rounding),
            partial(numba, rounding=rounding),
        )
        for kind, numpy, numba in (
            ("q8_0", q8_0.quantize, q8_0_numba.quantize),
            ("q8_1", q8_1.quantize, q8_1_numba.quantize),
        )
        for rounding, other in zip(Rounding, reversed(Rounding), strict=True)
    },
    "q4_1 reference": Quantiser(
        "q4_1", False, "q4_1 reference", q4_1_case.cases, q4_1.quantize, q4_1_numba.quantize
    ),
}


def written_bytes(run: Run) -> Measurements:
    """Count bytes that differ from ggml's, for NumPy and for Numba.

    Raises:
        MissingError: ggml is not installed.
        UsageError: a routine that does not exist, or a fault that does not fit it.
    """
    fault = known_fault(run, CONTROLS)
    _, routine = chosen(run, "routine", QUANTISERS)
    count, seed = int(run.parameter("blocks")), int(run.parameter("seed"))
    every = run.once("values", lambda: _values(routine, count, seed))
    answer = partial(ggml_oracle.quantize, routine.kind, vectors=routine.vectors)
    by_ggml = run.once("ggml", lambda: answer(every))
    kept = count if fault == "easy_inputs" else len(every)
    x, expected = every[:kept], by_ggml[:kept]
    used = QUANTISERS[routine.other] if fault == "other_rounding" else routine
    found = [_with_fault(each(x), routine.kind, fault) for each in (used.numpy, used.numba)]
    over = sample("seeded values and the hard cases", expected.shape, "none", dtype="uint8")
    values = sample("the same values", x.shape, "none")
    return Measurements(
        metrics=(
            metric("numpy_mismatches", (found[0] != expected).sum(), COUNT, over),
            metric("numba_mismatches", (found[1] != expected).sum(), COUNT, over),
            metric("exact_ties", _ties(x), COUNT, values),
            metric("zero_blocks", (~x.any(axis=-1)).sum(), COUNT, values),
        ),
        notes=(ggml_oracle.version(),),
        seeds={"values": seed},
    )


def _values(routine: Quantiser, count: int, seed: int) -> Floats:
    """Return normal values of many sizes and those of every case, float32 (n, 32)."""
    generator = np.random.default_rng(seed)
    x = generator.standard_normal((count, SHORT_BLOCK_VALUES))
    x *= np.exp2(generator.integers(-20, 20, size=(count, 1)))
    cases = [each.arguments[0].reshape(-1, SHORT_BLOCK_VALUES) for each in routine.cases()]
    return np.concatenate([x.astype(np.float32), *cases])


def _ties(x: Floats) -> int:
    """Count values half way between two steps of a block whose largest magnitude is 127."""
    wide = np.abs(x.astype(np.float64))
    blocks = wide[wide.max(axis=-1) == 127]
    return int((blocks - np.floor(blocks) == 0.5).sum())


def _with_fault(blocks: Bytes, kind: str, fault: str | None) -> Bytes:
    if fault == "scale_ten_percent":
        return faults.rescaled(blocks, 1.1, 1)
    return faults.as_read(blocks, kind, fault)
