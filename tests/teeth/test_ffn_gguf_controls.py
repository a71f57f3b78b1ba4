"""Every planted fault goes red, finite, through the limits of its entry; each limit under one."""

import pytest

from pv.discharge.guards import look
from pv.discharge.guards.interface import Seen
from tests.unit.falsifiers.own_registry import measure, synthetic, unmet


@pytest.mark.parametrize("short", sorted(synthetic()))
def test_every_control_turns_its_falsifier_red(short):
    of = synthetic()[short]
    shared = {}
    assert unmet(of, measure(of, shared=shared)) == set()
    broken = set()
    for fault in of.controls:
        red = unmet(of, measure(of, fault=fault, shared=shared))
        assert red, fault
        broken |= red
    assert broken == {each.metric for each in of.expect}


@pytest.mark.parametrize("short", sorted(synthetic()))
def test_the_guards_leave_the_sound_run_alone(short):
    of = synthetic()[short]
    found = look(Seen(measure(of), of.expect))
    assert [each.reason for each in found if each.tripped] == []


SHARPEST = {
    "FFN-GGUF-005": ("split_reduction", "differing_elements"),
    "FFN-GGUF-006": ("half_precision_lanes", "gap_over_bound"),
    "FFN-GGUF-007": ("nibble_order", "random_mismatches"),
    "FFN-GGUF-008": ("floor_activation", "noise_ratio"),
    "FFN-GGUF-009": ("floor_activation", "random_walk_ratio"),
    "FFN-GGUF-010": ("coarse_scale", "change_over_noise"),
    "FFN-GGUF-011": ("low_temperature", "gain_over_bound"),
    "FFN-GGUF-012": ("stretched_half", "norm_change"),
    "FFN-GGUF-013": ("sub_block_shift", "final_rel_diff"),
    "FFN-GGUF-015": ("epsilon_omitted", "tiny_bound_use"),
    "Q4K-Q8K-002": ("other_ties", "numpy_mismatches"),
    "Q4K-Q8K-003": ("other_ties", "numba_mismatches"),
    "Q4K-Q8K-004": ("sub_block_shift", "closer_nibbles"),
    "Q4K-Q8K-005": ("scale_ten_percent", "error_over_bound"),
    "Q4K-Q8K-006": ("missing_minimum", "numba_mismatches"),
    "Q4K-Q8K-007": ("floor_nibbles", "numba_mismatches"),
    "Q4K-Q8K-008": ("stale_sums", "numba_mismatches"),
    "Q4K-Q8K-009": ("other_order", "avx2_numba_ulp"),
}


@pytest.mark.parametrize("short", SHARPEST)
def test_the_sound_test_sees_a_fault_without_any_published_figure(short):
    fault, metric = SHARPEST[short]
    of = synthetic()[short]
    assert metric in unmet(of, measure(of, fault=fault))
