"""Never runs: the model is not here, and there is no other way to answer the question."""

from __future__ import annotations

from pv.errors import UsageError
from pv.falsifiers.interface import Run, unknown_fault
from pv.model.measurement import Measurements, Metric, Sample
from pv.tensors.gguf_header import open_model

CONTROLS = {"one_dropped": "one tensor is left out"}


def tensors(run: Run) -> Measurements:
    """Count tensors of the model file that its header does not account for."""
    if run.fault is not None and run.fault not in CONTROLS:
        raise unknown_fault(run, CONTROLS)
    if run.model is None:
        raise UsageError("this harness needs a model, expected one in `models` of the falsifier")
    with open_model(run.model) as model:
        count = len(model.tensors)
    over = Sample("none", count, (count,), "count", "int64", "tensors of the file")
    return Measurements(metrics=(Metric("left_over", 1 if run.fault else 0, "tensors", over),))
