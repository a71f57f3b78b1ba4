"""Every planted fault of the falsifiers over a whole model file, and faults in the pass itself."""

import hashlib

import numpy as np
import pytest

from pv.falsifiers.model_file import continuation, digests, forward_agreement
from pv.forward import reference as engine
from pv.forward import transformer
from pv.forward.engine import reference
from pv.forward.trunk import Trunk
from pv.kernels.layout import Pairing
from pv.kernels.rms_norm.reference import rms_norm
from pv.kernels.rope.reference import rope
from pv.kernels.softmax.reference import softmax
from pv.kernels.swiglu.reference import swiglu
from pv.tensors.gguf_header import open_model
from tests.unit.falsifiers_live.contract_limits import entry, run_of, unmet
from tests.unit.falsifiers_live.synthetic_model import write_model

AGREEMENT, WORD, DIGESTS = "SHIP-DEMO-001", "SHIP-DEMO-002", "SHIP-DEMO-010"
PASSES = {"residual_over_bound", "logits_over_bound"}
RANKS = {"rank_f32", "rank_q8k", "margin_f32", "margin_q8k"}

SEEN_BY = {
    AGREEMENT: {
        "other_pairing": PASSES,
        "swapped_gate_and_up": PASSES,
        "missing_norm": PASSES,
        "not_causal": PASSES,
        "other_sharing": PASSES,
        "missing_layer": PASSES | {"tensors_unread"},
        "same_pass": {"logits_apart"},
    },
    WORD: {
        "missing_minimum": RANKS,
        "scale_min_swapped": RANKS,
        "swapped_gate_and_up": RANKS,
        "other_subject": RANKS,
    },
    DIGESTS: {
        "flipped_file_bit": {"file_digits_differing"},
        "missing_last_byte": {"file_bytes", "file_digits_differing"},
        "flipped_tensor_bit": {"tensors_digits_differing"},
        "layers_by_name": {"tensors_digits_differing"},
        "other_source": {"source_digits_differing"},
    },
}
"""The limits that each fault misses; all others are met."""

CASES = [(short, fault) for short, faults in SEEN_BY.items() for fault in faults]
KNOWN = {
    AGREEMENT: forward_agreement.CONTROLS,
    WORD: continuation.CONTROLS,
    DIGESTS: digests.CONTROLS,
}
SENTENCES = [(1, 5, 7, 9), (3, 4, 5, 6, 7, 8, 20, 30)]
PROMPT = (1, 5, 7, 9, 11)


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    """Twelve layers, so that the order of names is not that of the layers."""
    path = write_model(tmp_path_factory.mktemp("model") / "twelve.gguf", seed=3, layers=12)
    with open_model(path) as found:
        yield found


@pytest.fixture(scope="module")
def measures(model, tmp_path_factory):
    """How each falsifier measures, on synthetic models that are their own record.

    The word is asked of a loud one: in a quiet one the last token's embedding decides alone.
    """
    trunk = Trunk(model, keep=True)
    folder = tmp_path_factory.mktemp("model")
    loud = Trunk(open_model(write_model(folder / "loud.gguf", seed=4, layers=3, loud=True)))
    first = transformer.next_token(loud, PROMPT, reference(loud))
    question = continuation.Question(PROMPT, first, subject=7, other_subject=20)
    down = b"".join(bytes(model.raw(f"blk.{i}.ffn_down.weight")) for i in range(12))
    record = {
        "file_sha256": hashlib.sha256(model.path.read_bytes()).hexdigest(),
        "tensors_sha256": hashlib.sha256(down).hexdigest(),
        "source_sha256": "none",
    }
    return {
        AGREEMENT: lambda **given: forward_agreement.of_trunk(
            trunk, SENTENCES, run_of(AGREEMENT, **given)
        ),
        WORD: lambda **given: continuation.of_trunk(loud, question, run_of(WORD, **given)),
        DIGESTS: lambda **given: digests.of_model(model, run_of(DIGESTS, **given, **record)),
    }


@pytest.fixture(scope="module")
def missed(model):
    """The limits that a measurement misses; the size on record is that of the synthetic file."""

    def of(short, measured):
        named = entry(short)
        limits = [
            one._replace(value=model.size) if one.metric == "file_bytes" else one
            for one in named.expect
        ]
        return unmet(named._replace(expect=tuple(limits)), measured)

    return of


@pytest.mark.parametrize("short", SEEN_BY)
def test_the_table_names_every_control_of_entry_and_harness(short):
    assert set(entry(short).controls) == set(SEEN_BY[short]) == set(KNOWN[short])


@pytest.mark.parametrize("short", SEEN_BY)
def test_the_sound_run_is_green(measures, missed, short):
    assert missed(short, measures[short]()) == set()


@pytest.mark.parametrize(("short", "fault"), CASES)
def test_a_planted_fault_is_seen_by_the_limits_made_for_it(measures, missed, short, fault):
    assert missed(short, measures[short](fault=fault)) == SEEN_BY[short][fault]


def without_mask(tokens, positions, before, dtype):
    return np.ones((tokens, positions), dtype)


def by_magnitude(x, weight, eps):
    return (x / (np.abs(x).mean(axis=-1, keepdims=True) + np.float32(eps))) * weight


IN_THE_PASS = {
    "other pairing": (
        engine,
        "rope",
        lambda x, at, base, _, **rest: rope(x, at, base, Pairing.NEOX),
    ),
    "other base": (
        engine,
        "rope",
        lambda x, at, base, pairing, **rest: rope(x, at, base * 2, pairing),
    ),
    "swapped gate and up": (engine, "swiglu", lambda gate, up: swiglu(up, gate)),
    "norm by magnitude": (engine, "rms_norm", by_magnitude),
    "other eps": (engine, "rms_norm", lambda x, weight, eps: rms_norm(x, weight, eps * 1000)),
    "sharp softmax": (engine, "softmax", lambda scores: softmax(scores * np.float32(1.1))),
    "not causal": (np, "tri", without_mask),
}


@pytest.mark.parametrize("fault", IN_THE_PASS)
def test_a_fault_of_the_pass_on_trial_is_seen(measures, missed, monkeypatch, fault):
    monkeypatch.setattr(*IN_THE_PASS[fault])
    assert missed(AGREEMENT, measures[AGREEMENT]()) == PASSES
