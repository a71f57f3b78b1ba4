"""The roofline: its arithmetic by hand, and the table of the document as the code computes it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from pv.kernels import KERNELS, Backend
from pv.kernels.roofline import (
    DEVICES,
    PRODUCTS,
    Device,
    Product,
    in_flight,
    product_of,
    roof,
    table,
)
from tests.kernels.cuda_mutants import FAULTS

PAGE = (Path(__file__).parents[2] / "docs" / "cuda.md").read_text(encoding="utf-8")
WEIGHTS = 3584 * 18944


def test_the_document_holds_the_table_that_the_code_computes():
    assert table(WEIGHTS) in PAGE
    assert len(table(WEIGHTS).splitlines()) == 2 + len(PRODUCTS) * len(DEVICES)


def test_the_counts_in_the_text_are_those_of_the_table():
    integers, floats = product_of("q4k_q8k_matvec"), product_of("q4k_f32_matvec")
    for product in (integers, floats):
        said = f"{product.operation} takes {product.instructions_a_weight * 32:g} "
        assert said in PAGE.replace("`", "")
    assert f"{WEIGHTS * integers.bytes_a_weight / 1e6:.1f} MB" in PAGE


def test_the_document_counts_the_planted_faults():
    assert f"and {len(FAULTS)} faults" in PAGE


def test_the_arithmetic_by_hand():
    product = Product("p", 144, 256, 4, instructions=100, accesses=36, registers=42)
    device = Device("d", "sm_0", 10, 1e9, 1e11)
    found = roof(product, device, weights=256_000_000)
    assert product.bytes_a_weight == 0.5625
    assert product.intensity == pytest.approx(2 / 0.5625)
    assert product.instructions_a_weight == pytest.approx(100 / 32)
    # Ten processors, 1e9 clocks, four warps: 4e10 instructions, 4e8 turns of 576 bytes.
    assert found.issue == pytest.approx(4e8 * 576)
    # One access a clock: 1e10 / 36 turns of 576 bytes.
    assert found.cache == pytest.approx(1.6e11)
    assert found.bound == "memory"
    # 42 registers count as 48: 65536 / (32 * 48) is 42 warps, 40 in blocks of four.
    assert in_flight(product, device) == (40 * 576, pytest.approx(1e11 * 8e-7 / 10))
    seconds = 144e6 / 1e11
    assert found.share == pytest.approx(seconds / (seconds + 2e-6))


@pytest.mark.parametrize("product", PRODUCTS, ids=lambda p: p.operation)
@pytest.mark.parametrize("device", DEVICES, ids=lambda d: d.name)
def test_no_share_is_above_one_and_larger_matrices_come_closer(product, device):
    small, large = (roof(product, device, weights) for weights in (WEIGHTS, 100 * WEIGHTS))
    lowest = min(small.memory, small.issue, small.cache)
    assert 0 < small.share < large.share <= lowest / small.memory <= 1


@pytest.mark.parametrize("product", PRODUCTS, ids=lambda p: p.operation)
@pytest.mark.parametrize("device", DEVICES, ids=lambda d: d.name)
def test_enough_loads_are_under_way_to_keep_the_memory_busy(product, device):
    possible, needed = in_flight(product, device)
    assert possible > needed


def test_every_product_on_cuda_is_counted():
    on_cuda = {k.operation for k in KERNELS if k.backend is Backend.CUDA}
    assert {p.operation for p in PRODUCTS} == {name for name in on_cuda if name.endswith("matvec")}
    assert product_of("softmax") is None


def test_no_device_result_is_claimed():
    assert re.search(r"\*\*No kernel of this project has run on a CUDA device yet\.\*\*", PAGE)
