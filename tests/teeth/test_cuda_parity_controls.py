"""Each planted fault of the question about CUDA kernels is seen where it is, and only there."""

import pytest

from pv.falsifiers.q4k_q8k import cuda_parity
from tests.unit.falsifiers.cuda_stand_ins import ENTRY, measure, stand_ins
from tests.unit.falsifiers.own_registry import unmet

READERS = {
    "weight_mismatches",
    "integer_mismatches",
    "q8k_product_over_bound",
    "float_product_over_bound",
}
ACTIVATIONS = {"ggml_mismatches", "rust_mismatches"}
EVERYTHING = {
    each.metric
    for each in ENTRY.expect
    if each.metric.endswith("mismatches") or each.metric.endswith("bound")
}
RED = {
    "nibble_order": READERS,
    "scale_min_swapped": READERS,
    "missing_minimum": READERS,
    "sub_block_shift": READERS,
    "floor": ACTIVATIONS,
    "other_ties": ACTIVATIONS,
    "scale_ten_percent": {"integer_mismatches", "q8k_product_over_bound"},
    "lost_lane": READERS - {"weight_mismatches"},
    "unreached_rows": EVERYTHING,
    "beyond_row": {"rms_norm_over_bound", "softmax_over_bound"},
    "missing_epsilon": {"rms_norm_over_bound"},
    "other_pairing": {"rope_over_bound"},
    "swapped_operands": {"swiglu_over_bound"},
    "overflow": {"not_finite", "weight_mismatches", "integer_mismatches"} | ACTIVATIONS,
}


@pytest.fixture(scope="module")
def shared():
    return {}


def test_every_control_of_the_harness_is_asked_for():
    assert set(RED) == set(ENTRY.controls) == set(cuda_parity.CONTROLS)
    assert set.union(*RED.values()) == EVERYTHING | {"not_finite"}
    assert all(cuda_parity.CONTROLS.values())


@pytest.mark.parametrize("fault", RED)
def test_a_fault_is_seen_where_it_is(fault, shared, monkeypatch):
    monkeypatch.setattr(cuda_parity, "_kernels", stand_ins)
    assert unmet(ENTRY, measure("sim", shared=shared)) == set()
    assert unmet(ENTRY, measure("sim", fault=fault, shared=shared)) == RED[fault]
