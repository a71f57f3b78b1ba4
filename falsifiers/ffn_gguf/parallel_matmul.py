"""Does a parallel matrix product give the same bits on every run? (005, 005b).

Each output is a float32 fold computed by one thread; threads take chunks of outputs. Threads,
chunk sizes and repeats vary, and the bits of every run are compared with those of the first.
"""

from __future__ import annotations

import threading

import numpy as np
from numpy.typing import NDArray

from pv.falsifiers.ffn_gguf.arithmetic import UNIT, bit_pattern, fold
from pv.falsifiers.ffn_gguf.fixtures import cyclic
from pv.falsifiers.ffn_gguf.records import BITS, COUNT, RATIO, known_fault, metric, sample
from pv.falsifiers.interface import Run
from pv.model.measurement import Measurements

Floats = NDArray[np.float32]

CONTROLS: dict[str, str] = {
    "split_reduction": "each sum is divided among the threads and added up part by part",
    "skipped_chunk": "the last of several chunks is never computed",
    "lost_term": "the first product of each sum is left out",
    "two_runs": "each configuration is run twice",
    "one_thread": "one thread does everything, whatever was asked for",
    "threads_anyway": "threads work below the threshold too",
}


def repeatability(run: Run) -> Measurements:
    """Multiply again and again with every number of threads and chunk size, and compare bits."""
    fault = known_fault(run, CONTROLS)
    inner, outputs, tokens = (int(run.parameter(each)) for each in ("inner", "outputs", "tokens"))
    x = cyclic(tokens * inner, run.parameter("activation")).reshape(tokens, inner)
    w = cyclic(outputs * inner, run.parameter("weight")).reshape(outputs, inner)
    repeats = int(run.parameter("repeats"))
    repeats = 2 if fault == "two_runs" else repeats
    parallel = outputs >= int(run.parameter("parallel_from"))
    parallel = (parallel and fault != "one_thread") or fault == "threads_anyway"

    first: Floats | None = None
    differing = most_workers = 0
    for threads in run.parameter("threads"):
        for chunk in run.parameter("chunks"):
            for _ in range(repeats):
                got, workers = _multiply(
                    x, w, threads=int(threads), chunk=int(chunk), parallel=parallel, fault=fault
                )
                first = got if first is None else first
                differing += int((got.view(np.uint32) != first.view(np.uint32)).sum())
                most_workers = max(most_workers, workers)
    if first is None:
        return Measurements(metrics=())

    over = sample("matrix product", (tokens, outputs), "none", tokens="all")
    exact = x.astype(np.float64) @ w.astype(np.float64).T
    size = np.abs(x).astype(np.float64) @ np.abs(w).astype(np.float64).T
    error = np.abs(first - exact) / (inner * UNIT * size)
    return Measurements(
        metrics=(
            metric("differing_elements", differing, COUNT, over),
            metric("repeats", repeats, COUNT, over),
            metric("most_workers", most_workers, COUNT, over),
            metric("first_output_bits", [bit_pattern(v) for v in first.ravel()[:3]], BITS, over),
            metric("error_over_bound", error.max(), RATIO, over),
        ),
        notes=("each configuration of threads and chunk size ran `repeats` times",),
    )


def _multiply(
    x: Floats, w: Floats, *, threads: int, chunk: int, parallel: bool, fault: str | None
) -> tuple[Floats, int]:
    """Return the product, float32 (tokens, outputs), and how many threads worked on it."""
    starts = range(0, len(w), chunk)
    if fault == "skipped_chunk" and len(starts) > 1:
        starts = starts[:-1]
    parts = threads if fault == "split_reduction" else 1
    first = 1 if fault == "lost_term" else 0
    product = np.zeros((len(x), len(w)), dtype=np.float32)

    def work(mine: range) -> None:
        for start in mine:
            terms = x[:, None, first:] * w[start : start + chunk, first:]
            product[:, start : start + chunk] = _fold_in_parts(terms, parts)

    shares = [starts[i::threads] for i in range(threads)] if parallel else [starts]
    workers = [threading.Thread(target=work, args=(share,)) for share in shares if share]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    return product, len(workers)


def _fold_in_parts(terms: Floats, parts: int) -> Floats:
    total = fold(terms[..., : terms.shape[-1] // parts])
    for part in range(1, parts):
        total = total + fold(np.array_split(terms, parts, axis=-1)[part])
    return total
