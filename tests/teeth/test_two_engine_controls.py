"""Every planted fault of the falsifiers over two engines, on random models, by its own limits."""

import pytest

from pv.falsifiers.apr_gguf_parity import (
    contract_file,
    gate_product,
    last_logits,
    layer_ratios,
    layer_records,
    routes_by_type,
    same_sample,
)
from pv.falsifiers.apr_gguf_parity.sides import ENGINES
from pv.falsifiers.ffn_gguf import traced_slots, tracing_changes_nothing
from pv.forward.trace import trace
from tests.unit.falsifiers_live.contract_limits import ROOT, entry, run_of, unmet
from tests.unit.falsifiers_live.two_sides import MIXED, sides_over
from tests.unit.forward.random_model import Recipe

PARITY = "APR-GGUF-PARITY-"
LOCAL = {"local_deviation_over_bound", "injected_over_bound"}
BYTES = ("stream_bytes_differing", "logit_bytes_differing", "bytes_differing_afterwards")

SEEN_BY = {
    "001": {
        "layer_left_out": {"slots_missing"},
        "slot_twice": {"slots_repeated"},
        "slot_of_zeros": {"spreads_not_above_zero"},
        "slot_unfilled": {"slots_empty", "spreads_not_above_zero"},
        "last_for_all": {"std_over_bound"},
        "half_precision": {"std_over_bound"},
    },
    "002": {
        "writes_into_its_buffer": {BYTES[0], BYTES[1]},
        "writes_into_the_stream": {BYTES[0], BYTES[1]},
        "writes_into_the_logits": {BYTES[1]},
        "writes_into_the_weights": {BYTES[1], BYTES[2]},
    },
    "003": {"up_times_2_5": {"ratio"}, "up_times_0_4": {"ratio"}},
    f"{PARITY}001": {"up_times_2_5": {"ratio"}, "up_times_0_4": {"ratio"}},
    f"{PARITY}002": {"up_times_2_5": {"ratio"}, "up_times_0_4": {"ratio"}},
    f"{PARITY}003": {
        "gate_times_1_36": LOCAL,
        "gate_times_1_05": LOCAL,
        "gate_times_1_5": LOCAL | {"gate_ratio"},
        "gate_times_0_6": LOCAL | {"gate_ratio"},
        "four_bit_activations": {"injected_over_bound"},
    },
    f"{PARITY}004": {
        "unclosed_text": {"exit_code"},
        "unknown_operator": {"exit_code"},
        "metadata_left_out": {"exit_code"},
    },
    f"{PARITY}005": {
        "one_route": {"injected_over_noise"},
        "other_route": {"injected_over_noise", "injected_over_bound"},
        "stored_norms": {"f32_over_rounding"},
    },
    f"{PARITY}006": {
        "layer_left_out": {"layers_missing"},
        "layer_twice": {"layers_repeated"},
        "counted_from_one": {"layers_missing", "layers_unknown"},
    },
    f"{PARITY}007": {
        "last_against_all": {"counts_differing", "samples_differing", "counts_unexplained"},
        "short_slot": {"counts_differing", "samples_differing", "counts_unexplained"},
        "lost_slot": {"slots_unpaired"},
        "half_on_both_sides": {"counts_unexplained"},
    },
    f"{PARITY}008": {
        "up_times_1_10": {"deviation"},
        "up_times_0_90": {"deviation"},
        "other_layer": {"deviation"},
    },
    f"{PARITY}009": {"up_times_1_10": {"ratio"}, "up_times_2_5": {"ratio"}},
    f"{PARITY}010": {
        "up_times_1_10": {"logit_cosine"},
        "other_layer": {"logit_cosine"},
        "skipped_layer": {"logit_cosine"},
        "same_side": {"logits_apart"},
    },
}
"""The limits that each fault misses; all others are met. A factor of 1.36 stays in its band."""

CASES = [(short, fault) for short, faults in SEEN_BY.items() for fault in faults]


@pytest.fixture(scope="module")
def measures(tmp_path_factory):
    """How each falsifier measures.

    Passes that drift are asked of plain weights: a random network of 4-bit ones amplifies its
    rounding until the logits are far apart, which is no fault of an engine.
    """
    folder = tmp_path_factory.mktemp("models")
    mixed = sides_over(folder / "mixed.gguf", Recipe(types=MIXED, layers=4, seed=3))
    plain = sides_over(folder / "plain.gguf", Recipe(layers=4, seed=4))
    trunk = mixed.trunk
    traced = trace(trunk, mixed.ids, ENGINES["reference"](trunk), tokens="all", arrays=True)
    ratios = dict.fromkeys(("003", *(f"{PARITY}00{n}" for n in (1, 2, 8, 9))), layer_ratios)
    over_plain = {**ratios, f"{PARITY}010": last_logits}
    over_mixed = {
        "002": tracing_changes_nothing,
        f"{PARITY}003": gate_product,
        f"{PARITY}006": layer_records,
        f"{PARITY}007": same_sample,
    }
    found = {
        "001": lambda run: traced_slots.of_trace(traced, trunk, run),
        f"{PARITY}004": contract_file.validates,
        f"{PARITY}005": lambda run: routes_by_type.of_trunk(trunk, run),
    }
    for sides, modules in ((plain, over_plain), (mixed, over_mixed)):
        for short, module in modules.items():
            found[short] = lambda run, sides=sides, module=module: module.of_sides(sides, run)
    return found


@pytest.fixture(scope="module")
def shared():
    """What the sound run of each falsifier and its controls have in common."""
    return {short: {} for short in SEEN_BY}


@pytest.fixture(autouse=True)
def at_the_root(monkeypatch):
    """One of them names a file of the registry."""
    monkeypatch.chdir(ROOT)


@pytest.mark.parametrize("short", SEEN_BY)
def test_the_table_names_every_control_of_the_entry(short):
    assert set(entry(short).controls) == set(SEEN_BY[short])


@pytest.mark.parametrize("short", SEEN_BY)
def test_the_sound_run_is_green(measures, shared, short):
    assert unmet(entry(short), measures[short](run_of(short, shared=shared[short]))) == set()


@pytest.mark.parametrize(("short", "fault"), CASES)
def test_a_planted_fault_is_seen_by_the_limits_made_for_it(measures, shared, short, fault):
    run = run_of(short, fault=fault, shared=shared[short])
    assert unmet(entry(short), measures[short](run)) == SEEN_BY[short][fault]


@pytest.mark.parametrize("short", SEEN_BY)
def test_every_limit_is_broken_by_a_fault(short):
    assert {each.metric for each in entry(short).expect} == set().union(*SEEN_BY[short].values())
