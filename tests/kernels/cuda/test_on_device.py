"""What only a CUDA device can show: `python -m pytest tests/kernels/cuda` where there is one.

Elsewhere every test here is skipped, and says why.
"""

from __future__ import annotations

import shutil

import pytest

from tests.kernels.cuda_cases import selected
from tests.kernels.cuda_run import differing, no_device, outcome
from tests.kernels.cuda_sizes import ALL, GRIDS, PRODUCTS

pytestmark = pytest.mark.skipif(bool(no_device()), reason=f"device tests: {no_device()}")


def test_every_case_of_every_kernel():
    cases = outcome("cuda_cases", "device", "all")["cases"]
    assert set(cases) == {f"{d}.{f}-{case.name}" for d, f, case in selected("all")}
    assert differing(cases) == {}


def test_one_thread_block_reaches_every_row():
    strided = outcome("cuda_cases", "device", "all")["one thread block"]
    assert len(strided) >= 10
    assert differing(strided) == {}


def test_products_are_exact_integers_on_every_size_and_grid():
    found = outcome("cuda_sizes", "device", "all")
    assert len(found) == len(PRODUCTS) * len(ALL) * (len(GRIDS["all"]) + 1)
    assert differing(found) == {}


def test_every_float16_and_every_primitive():
    assert differing(outcome("cuda_primitives", "device", "1")) == {}


def test_the_same_inputs_give_the_same_bits_again():
    assert differing(outcome("cuda_again", "device")) == {}


def test_no_access_beyond_an_array_and_no_race():
    checker = shutil.which("compute-sanitizer")
    if checker is None:
        pytest.skip("sanitizer: compute-sanitizer is not on the path")
    for tool in ("memcheck", "racecheck", "synccheck"):
        before = (checker, "--tool", tool, "--error-exitcode", "9")
        assert differing(outcome("cuda_sizes", "device", "few", before=before)) == {}
