"""Harnesses of a mill, read by the tests and never run."""

CONTROLS = {"wet_grain": "grain that holds water"}


def heat(run: Run) -> Measurements:  # noqa: F821 - read, never run
    return run


def forgotten(run: Run) -> Measurements:  # noqa: F821 - read, never run
    return run
