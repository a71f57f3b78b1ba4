"""The CUDA kernels in the simulator; what only a device can show stands in tests/kernels/cuda."""

from __future__ import annotations

import pytest

from tests.kernels.cuda_cases import selected
from tests.kernels.cuda_mutants import FAULTS
from tests.kernels.cuda_run import differing, outcome
from tests.kernels.cuda_sizes import FEW, GRIDS, PRODUCTS

QUICK = [f"{folder}.{function}-{case.name}" for folder, function, case in selected("quick")]


@pytest.mark.parametrize("name", QUICK)
def test_in_the_simulator(name):
    assert outcome("cuda_cases", "simulator", "quick")["cases"][name] == ""


def test_one_thread_block_reaches_every_row():
    strided = outcome("cuda_cases", "simulator", "quick")["one thread block"]
    assert len(strided) >= 10
    assert differing(strided) == {}


def test_products_are_exact_integers_on_every_size_and_grid():
    found = outcome("cuda_sizes", "simulator", "few")
    assert len(found) == len(PRODUCTS) * len(FEW) * (len(GRIDS["few"]) + 1)
    assert differing(found) == {}


def test_primitives_mean_in_the_simulator_what_they_mean_on_a_device():
    found = outcome("cuda_primitives", "simulator", "61")
    assert len(found) == 7
    assert differing(found) == {}


def test_every_planted_fault_is_caught_and_no_sound_product_is():
    found = outcome("cuda_mutants", "simulator")
    assert len(found["faults"]) == len(FAULTS)
    assert {fault[0] for fault in FAULTS} == set(PRODUCTS)
    assert differing(found["faults"]) == {}
    assert differing(found["sound"]) == {}
