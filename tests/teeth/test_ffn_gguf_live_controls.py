"""Every planted fault of the live falsifiers, on synthetic models, through their own limits."""

import pytest

from pv.falsifiers.ffn_gguf import chain_coupling, layer_chain, real_block
from tests.unit.falsifiers_live.contract_limits import entry, run_of, unmet
from tests.unit.falsifiers_live.synthetic_model import open_synthetic, random_blocks

INJECTED = {"injected_median", "injected_p99_over_bound"}
COUPLED = {"chained_over_bound", "shuffled_over_bound"}

SEEN_BY = {
    "014": {
        "floor_for_round": INJECTED,
        "scale_times_1_10": INJECTED | {"bound_use"},
        "four_bit_activations": INJECTED | {"bound_use"},
        "swapped_sub_blocks": INJECTED | {"bound_use"},
        "missing_minimum": INJECTED | {"bound_use"},
        "scale_min_swapped": INJECTED | {"bound_use"},
    },
    "016": {
        "floor_for_round": INJECTED,
        "scale_times_1_10": INJECTED,
        "four_bit_activations": INJECTED,
        "swapped_sub_blocks": INJECTED,
        "drift_times_1_5_a_layer": {"growth_upper"},
        "drift_doubled_a_layer": {"growth_upper"},
    },
    "017": {
        "floor_for_round": INJECTED,
        "scale_times_1_10": INJECTED,
        "four_bit_activations": INJECTED,
        "swapped_sub_blocks": INJECTED,
        "drift_times_1_5_a_layer": {"alpha_upper", "power_law_advantage"},
        "drift_doubled_a_layer": {"alpha_upper", "power_law_advantage"},
    },
    "018": {
        "carried_activation": COUPLED,
        "coupling_of_one_half": COUPLED,
        "other_start": COUPLED,
        "half_precision_start": {"published_over_noise"},
    },
}
"""The limits that each fault must miss, whatever else it does."""

CASES = [(number, fault) for number, faults in SEEN_BY.items() for fault in faults]
GREEN = [(number, fault) for number in SEEN_BY for fault in entry(number).green_controls]
KNOWN = {
    "014": real_block.CONTROLS,
    "016": layer_chain.CONTROLS,
    "017": layer_chain.CONTROLS,
    "018": chain_coupling.CONTROLS,
}


@pytest.fixture(scope="module")
def measures(tmp_path_factory):
    """How each falsifier measures: on one model or one set of blocks, shared by its faults."""
    folder = tmp_path_factory.mktemp("models")
    five = open_synthetic(folder / "five.gguf", seed=2, layers=5)
    eight = open_synthetic(folder / "eight.gguf", seed=2, layers=8)
    many, small = random_blocks(2, 400), random_blocks(2, 12, scale=0.02)
    return {
        "014": lambda run: real_block.of_blocks(many, run),
        "016": lambda run: layer_chain.growth_of(five, run),
        "017": lambda run: layer_chain.law_of(eight, run),
        "018": lambda run: chain_coupling.of_blocks(small, run),
    }


@pytest.mark.parametrize("number", SEEN_BY)
def test_the_table_names_every_control_of_entry_and_harness(number):
    named = entry(number)
    assert set(named.controls) == set(SEEN_BY[number])
    assert {*named.controls, *named.green_controls} == set(KNOWN[number])


@pytest.mark.parametrize("number", SEEN_BY)
def test_the_sound_run_is_green(measures, number):
    assert unmet(entry(number), measures[number](run_of(number))) == set()


@pytest.mark.parametrize(("number", "fault"), CASES)
def test_a_planted_fault_is_seen_by_the_limits_made_for_it(measures, number, fault):
    shared = {}
    measures[number](run_of(number, shared=shared))
    found = unmet(entry(number), measures[number](run_of(number, fault=fault, shared=shared)))
    assert found >= SEEN_BY[number][fault]
    if fault == "drift_times_1_5_a_layer":
        assert found == SEEN_BY[number][fault]


@pytest.mark.parametrize(("number", "fault"), GREEN)
def test_a_harmless_change_stays_green(measures, number, fault):
    assert unmet(entry(number), measures[number](run_of(number, fault=fault))) == set()


def test_there_is_a_harmless_change_to_look_at():
    assert {number for number, _ in GREEN} == {"016", "017", "018"}
