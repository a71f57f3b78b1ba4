"""A harness of a mill, read by the tests and never run."""

from pv.kernels.grind import reference  # noqa: F401 - read, never run

CONTROLS = {"wet_grain": "grain that holds water"}


def grain_yield(run: Run) -> Measurements:  # noqa: F821 - read, never run
    return run
