"""Every planted fault of the ship criteria's falsifiers, on small models, by its own limits."""

import gguf
import numpy as np
import pytest

from pv.falsifiers.model_file import (
    chat_rendering,
    decoding_rate,
    licence,
    llama_cpp_agreement,
    perplexity,
    source_weights,
    written_function,
)
from pv.falsifiers.model_file.licence import Stated
from pv.forward.teacher import requantised_down, write_teacher
from pv.forward.trunk import Trunk
from pv.tensors.gguf_header import open_model
from pv.tokens import tokenizer_of
from tests.unit.falsifiers_live.contract_limits import entry, run_of, unmet
from tests.unit.forward.random_model import Recipe, write_model

WEIGHTS, LLAMA, SURPRISE, RATE, CHAT, LICENCE, FUNCTION = (
    f"SHIP-DEMO-{number}" for number in ("003", "004", "005", "007", "008", "009", "011")
)
SEEN_BY = {
    WEIGHTS: {
        "missing_minimum": {"cosine"},
        "scale_min_swapped": {"cosine"},
        "sub_block_shift": {"cosine"},
        "next_layer": {"cosine"},
        "source_against_itself": {"weights_apart"},
        "flipped_tensor_bit": {"tensors_differing"},
    },
    LLAMA: {
        "cut_file": {"loaded", "words_differing", "distance_ratio_upper"},
        "other_prompts": {"words_differing", "distance_ratio_upper"},
    },
    SURPRISE: {
        "missing_minimum": {"perplexity_ratio_upper"},
        "source_on_both_sides": {"largest_gap"},
    },
    RATE: {
        "pause_after_each_token": {"slowest_rate"},
        "forgotten_prompt": {"tokens_differing"},
    },
    CHAT: {name: {"bytes_differing"} for name in chat_rendering.CONTROLS},
    LICENCE: {
        "other_licence_in_header": {"header_differs"},
        "other_licence_of_package": {"package_differs"},
        "cut_licence_text": {"clauses_missing"},
        "unnamed_provenance": {"provenance_missing"},
    },
    FUNCTION: {
        "other_layer": {"syntax_errors", "statements"},
        "lost_indent": {"syntax_errors", "statements"},
        "nothing_written": {"syntax_errors", "statements"},
    },
}
"""The limits that each fault misses; all others are met."""

KNOWN = {
    WEIGHTS: source_weights.CONTROLS,
    LLAMA: llama_cpp_agreement.CONTROLS,
    SURPRISE: perplexity.CONTROLS,
    RATE: decoding_rate.CONTROLS,
    CHAT: chat_rendering.CONTROLS,
    LICENCE: licence.CONTROLS,
    FUNCTION: written_function.CONTROLS,
}
HERE = [short for short in SEEN_BY if short != LLAMA]
"""Those that need no other program; the one that does is in the live tests."""
CASES = [(short, fault) for short in HERE for fault in SEEN_BY[short]]
TIMED = {"slowest_rate"}
"""Met or not as the machine is busy or not: asked only where a pause makes it certain."""
FEW = {"tokens": 6, "runs": 2}
TYPES = {"*": "Q8_0", "ffn_down": "Q4_1"}


def licensed(path, provenance):
    """A file that states a licence and everything else that is asked for."""
    writer = gguf.GGUFWriter(path, "llama")
    for key in provenance:
        writer.add_string(key, "apache-2.0")
    writer.add_tensor("t", np.ones(2, np.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return open_model(path)


@pytest.fixture(scope="module")
def measures(tmp_path_factory):
    """How each falsifier measures."""
    folder = tmp_path_factory.mktemp("models")
    source = open_model(write_model(folder / "source.gguf", Recipe(types=TYPES, layers=3, seed=5)))
    write_teacher(source, "0" * 64, requantised_down(source), folder / "derived.gguf")
    derived = open_model(folder / "derived.gguf")
    trunk, tokenizer = Trunk(derived), tokenizer_of(derived)
    texts = np.random.default_rng(6).integers(3, 300, size=(12, 9)).tolist()
    named = entry(LICENCE).parameters
    chats = [
        {
            "messages": [{"role": "user", "content": "Hi.\n"}, {"role": "user", "content": "?"}],
            "rendered": "<|im_start|>user\nHi.\n<|im_end|>\n<|im_start|>user\n?<|im_end|>\n"
            "<|im_start|>assistant\n",
        }
    ]
    stated = licensed(folder / "licensed.gguf", named["provenance"])
    package = Stated("Apache-2.0", "\n  ".join(named["clauses"]))
    written = {"text": "\n    if n < 2:\n        return n\n    return fib(n - 1)\n\nprint(fib(3"}
    return {
        WEIGHTS: lambda **given: source_weights.of_models(
            derived, source, run_of(WEIGHTS, **given)
        ),
        SURPRISE: lambda **given: perplexity.of_trunks(
            trunk, Trunk(source), texts, run_of(SURPRISE, **given)
        ),
        RATE: lambda **given: decoding_rate.of_trunk(
            trunk, [5, 6, 7], run_of(RATE, **given, **FEW)
        ),
        CHAT: lambda **given: chat_rendering.of_model(derived, run_of(CHAT, **given, chats=chats)),
        LICENCE: lambda **given: licence.of_model(stated, package, run_of(LICENCE, **given)),
        FUNCTION: lambda **given: written_function.of_trunk(
            trunk, tokenizer, run_of(FUNCTION, **given, shared=dict(written))
        ),
    }


@pytest.mark.parametrize("short", SEEN_BY)
def test_the_table_names_every_control_of_entry_and_harness(short):
    assert set(entry(short).controls) == set(SEEN_BY[short]) == set(KNOWN[short])


@pytest.mark.parametrize("short", SEEN_BY)
def test_every_limit_is_broken_by_a_fault(short):
    assert {each.metric for each in entry(short).expect} == set().union(*SEEN_BY[short].values())


@pytest.mark.parametrize("short", HERE)
def test_the_sound_run_is_green(measures, short):
    assert unmet(entry(short), measures[short]()) <= TIMED


@pytest.mark.parametrize(("short", "fault"), CASES)
def test_a_planted_fault_is_seen_by_the_limits_made_for_it(measures, short, fault):
    found = unmet(entry(short), measures[short](fault=fault))
    assert found - TIMED == SEEN_BY[short][fault] - TIMED
    assert found >= SEEN_BY[short][fault]
