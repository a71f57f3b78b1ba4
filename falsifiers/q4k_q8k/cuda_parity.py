"""Every CUDA kernel against scalar forms and float64 references, on several grid sizes.

The question is about a device. The simulator runs the same code thread by thread and finds wrong
indices, strides and formulas; what a compiler does to the arithmetic it cannot show.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final, TypeAlias

import numpy as np

from pv.errors import MissingError, UsageError
from pv.falsifiers.ffn_gguf import faults
from pv.falsifiers.ffn_gguf.records import COUNT, RATIO, known_fault, metric, sample
from pv.falsifiers.interface import Run
from pv.falsifiers.q4k_q8k.activation_quantization import with_fault
from pv.falsifiers.q4k_q8k.cuda_questions import Arrays, Question, questions
from pv.kernels import Backend, find, simulated
from pv.kernels.layout import Q8K, Pairing
from pv.model.measurement import Measurements, Metric

Kernel: TypeAlias = Callable[..., Any]
Arguments: TypeAlias = tuple[Any, ...]

CONTROLS: dict[str, str] = {
    **faults.DECODER,
    "floor": "activations are rounded down instead of to the nearest",
    "other_ties": "exact ties of activations are rounded the way of the other convention",
    "scale_ten_percent": "the scale of the activation is multiplied by 1.1",
    "lost_lane": "the last lane of each warp adds nothing to a product",
    "unreached_rows": "a thread block does its first rows and never strides to its next ones",
    "beyond_row": "a row is read one element too long, into the next one",
    "missing_epsilon": "eps is left out of the mean square",
    "other_pairing": "elements are turned in the pairs of the other convention",
    "swapped_operands": "the other factor goes through the gate",
    "overflow": "the first result of each kernel is infinite",
}


def agreement(run: Run) -> Measurements:
    """Measure the largest distance of each operation from what it owes, over all grid sizes.

    The `parameters` hold sizes under `sim` and under `cuda`: a simulator does some thousand weights
    a second.

    Raises:
        MissingError: on the processor, where the question has no form.
    """
    fault = known_fault(run, CONTROLS)
    if run.device == "cpu":
        raise MissingError(
            "the question is about CUDA kernels and has no form on the processor",
            advice="run it with --device cuda (a device) or --device sim (the simulator: at most "
            "PARTIAL_ALGORITHM_LEVEL)",
        )
    sizes, seed = run.parameter(run.device), int(run.parameter("seed"))
    grids = _grids(sizes)
    # No fault depends on the grid, and the simulator is slow: a control has the first one only.
    used = grids[:1] if fault else grids
    asked = run.once("questions", lambda: questions(sizes, seed))
    kernels = run.once("kernels", lambda: _kernels(asked, run.device))
    found: dict[str, float] = {}
    broken = 0
    for question in asked:
        for grid in used:
            answer = _answer(run, question, kernels[question.operation], grid, fault)
            distance = question.distance(answer)
            found[question.metric] = max(found.get(question.metric, 0.0), distance)
            broken += sum(int((~np.isfinite(part)).sum()) for part in answer)
    return Measurements(
        metrics=tuple(_metrics(asked, grids, found, broken)),
        seeds={"inputs": seed},
        notes=(f"kernels ran {_PLACES[run.device]}",),
    )


_PLACES: Final = {"sim": "in the simulator, on no device", "cuda": "on a device"}


def _grids(sizes: Any) -> tuple[int, ...]:
    grids = sizes.get("grids") if isinstance(sizes, Mapping) else None
    if isinstance(grids, list | tuple) and grids and all(type(g) is int and g > 0 for g in grids):
        return tuple(grids)
    raise UsageError(f"grids is {grids!r}, expected a list of whole numbers above 0")


def _kernels(asked: tuple[Question, ...], device: str) -> dict[str, Kernel]:
    """Return the CUDA kernel of every operation asked for.

    Raises:
        MissingError: the kernels would not run where the run says they do.
    """
    if simulated() != (device == "sim"):
        raise MissingError(
            f"numba runs kernels {_PLACES['sim' if simulated() else 'cuda']}, and the run asks for"
            f" {device}",
            advice="remove ENABLE_CUDASIM from numba's own configuration",
        )
    loaded = {}
    for operation in sorted({question.operation for question in asked}):
        kernel = find(operation, Backend.CUDA)
        if kernel is None:
            raise MissingError(f"no CUDA kernel of {operation}")
        loaded[operation] = kernel.load()
    return loaded


def _metrics(
    asked: tuple[Question, ...], grids: tuple[int, ...], found: Mapping[str, float], broken: int
) -> list[Metric]:
    metrics = []
    for name, distance in found.items():
        rows = sum(question.rows for question in asked if question.metric == name)
        over = sample("hard and random inputs", (len(grids), rows), "maximum", dtype="float64")
        metrics.append(metric(name, distance, COUNT if "mismatches" in name else RATIO, over))
    over = sample("questions and grid sizes", (len(asked), len(grids)), "sum", dtype="int64")
    metrics.append(metric("not_finite", broken, COUNT, over))
    over = sample("questions and grid sizes", (len(asked), len(grids)), "minimum")
    needed = [question.thread_blocks for question in asked]
    uneven = min(sum(grid < n and n % grid > 0 for grid in grids) for n in needed)
    idle = min(sum(grid > n for grid in grids) for n in needed)
    # Which grids run is the contract's choice, and no fault in a kernel moves it.
    chosen = (0, len(grids))
    metrics.append(metric("uneven_grids", uneven, COUNT, over, within=chosen))
    metrics.append(metric("grids_with_idle_blocks", idle, COUNT, over, within=chosen))
    return metrics


# Running a kernel, with a fault or without


def _answer(run: Run, question: Question, kernel: Kernel, grid: int, fault: str | None) -> Arrays:
    """Return what the kernel answers, with the fault in its input or in its answer."""
    operations, change = _ASKED_WRONGLY.get(fault or "", (frozenset[str](), None))
    if change is not None and question.operation in operations:
        return _cut(_run(kernel, change(*question.arguments), grid), question)
    sound: Arrays = run.once(
        f"{question.name} on {grid}", lambda: _run(kernel, question.arguments, grid)
    )
    return _answered_wrongly(sound, question, grid, fault)


def _run(kernel: Kernel, arguments: Arguments, grid: int) -> Arrays:
    answer = kernel(*arguments, grid=grid)
    return tuple(answer) if isinstance(answer, tuple) else (answer,)


def _cut(answer: Arrays, question: Question) -> Arrays:
    """Drop the column that a row read too long has brought."""
    first = question.arguments[0]
    if question.operation in _ROWS:
        return tuple(part[:, : first.shape[1]] for part in answer)
    return answer


_ROWS: Final = frozenset({"softmax", "rms_norm"})


def _without_last_lane(vector: Any) -> Any:
    """Return a vector, quantised or not, with every 32nd element 0."""
    if isinstance(vector, Q8K):
        return vector._replace(quants=_without_last_lane(vector.quants))
    emptied = vector.copy()
    emptied[..., 31::32] = 0
    return emptied


def _one_longer(x: Any, *rest: Any) -> Arguments:
    """Return rows with the first element of the next row at their end (the last takes the first).

    A weight for each element, where there is one, is read one too long as well.
    """
    longer = np.concatenate([x, np.roll(x, -1, axis=0)[:, :1]], axis=1)
    if not rest:
        return (longer,)
    weight, *others = rest
    return (longer, np.append(weight, weight[:1]), *others)


def _read(fault: str) -> Callable[..., Arguments]:
    """Return the change of blocks that a decoder with the fault would take for its fields."""
    return lambda blocks, *others: (faults.blocks_as_read(blocks, fault), *others)


def _scaled(blocks: Any, activation: Q8K) -> Arguments:
    return blocks, activation._replace(scale=activation.scale * np.float32(1.1))


def _turned(x: Any, positions: Any, base: float, pairing: Pairing) -> Arguments:
    return x, positions, base, next(each for each in Pairing if each != pairing)


_PRODUCTS: Final = frozenset({"q4k_q8k_matvec", "q4k_f32_matvec"})
_ASKED_WRONGLY: Final[dict[str, tuple[frozenset[str], Callable[..., Arguments]]]] = {
    **{fault: (_PRODUCTS | {"q4k_dequantize"}, _read(fault)) for fault in faults.DECODER},
    "scale_ten_percent": (frozenset({"q4k_q8k_matvec"}), _scaled),
    "lost_lane": (_PRODUCTS, lambda blocks, vector: (blocks, _without_last_lane(vector))),
    "beyond_row": (_ROWS, _one_longer),
    "missing_epsilon": (frozenset({"rms_norm"}), lambda x, weight, _eps: (x, weight, 0.0)),
    "other_pairing": (frozenset({"rope"}), _turned),
    "swapped_operands": (frozenset({"swiglu"}), lambda gate, up: (up, gate)),
}
"""Faults of reading: the operations that have them, and what they make of the arguments."""


def _answered_wrongly(sound: Arrays, question: Question, grid: int, fault: str | None) -> Arrays:
    """Return a sound answer as a kernel with a fault of writing would have left it."""
    if fault == "overflow":
        return tuple(_overflowed(part) for part in sound)
    if fault == "unreached_rows":
        return tuple(_unreached(part, question, grid) for part in sound)
    if fault in ("floor", "other_ties") and question.operation.startswith("q8k_quantize"):
        return tuple(with_fault(Q8K(*sound), question.arguments[0], fault))
    return sound


def _overflowed(part: Any) -> Any:
    """Return an answer whose first element is infinite, where its type has infinities."""
    if not np.issubdtype(part.dtype, np.floating):
        return part
    left = part.copy()
    left.flat[0] = np.inf
    return left


def _unreached(part: Any, question: Question, grid: int) -> Any:
    left = part.reshape(question.rows, -1).copy()
    left[grid * question.share :] = 0
    return left.reshape(part.shape)
