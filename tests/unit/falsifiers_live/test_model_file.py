"""The falsifiers over a whole model file: decoders, passes, bound, question and record."""

import gguf
import numpy as np
import pytest

from pv.discharge.dispatch import discharge
from pv.discharge.plan import Request
from pv.errors import BadInputError, MissingError, UsageError
from pv.falsifiers.interface import Run
from pv.falsifiers.model_file import continuation, digests, forward_agreement
from pv.falsifiers.model_file.independent_pass import IndependentPass
from pv.falsifiers.model_file.wide_weights import Weights
from pv.forward.architecture import LLAMA
from pv.forward.rotation import Rotation
from pv.forward.shape import Shape
from pv.forward.teacher import derive
from pv.forward.trunk import Trunk
from pv.model.verdict import WITH_RECEIPT, Level
from pv.tensors.gguf_header import open_model
from tests.unit.falsifiers_live.contract_limits import ROOT, entry, run_of
from tests.unit.falsifiers_live.synthetic_model import write_model
from tests.unit.forward.oracle import oracle_logits

SMOLLM2 = Shape(
    30, 576, 1536, 9, 3, 64, 49152, 1e-5, Rotation(100000.0, LLAMA.pairing), LLAMA, tied=True
)
SHORT = {
    "SHIP-DEMO-001": forward_agreement.logits,
    "SHIP-DEMO-002": continuation.next_word,
    "SHIP-DEMO-010": digests.recorded,
}


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    path = write_model(tmp_path_factory.mktemp("model") / "small.gguf", seed=8, layers=3)
    with open_model(path) as found:
        yield found


def values(measured):
    return {each.name: each.value for each in measured.metrics}


def written(path, kind, values):
    writer = gguf.GGUFWriter(path, "llama")
    stored = gguf.quants.quantize(values, kind) if kind.name != "F32" else values
    writer.add_tensor("t", stored, raw_dtype=kind)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return open_model(path)


@pytest.mark.parametrize("name", ["F32", "Q8_0", "Q4_1"])
def test_wide_weights_are_those_of_gguf_but_for_their_rounding(tmp_path, name):
    kind = gguf.GGMLQuantizationType[name]
    drawn = np.random.default_rng(1).standard_normal((6, 512)).astype(np.float32)
    with written(tmp_path / "one.gguf", kind, drawn) as file:
        found = Weights(file)["t"]
        raw = np.frombuffer(file.raw("t"), np.uint8 if name != "F32" else np.float32)
    expected = gguf.quants.dequantize(raw.reshape(6, -1), kind).reshape(6, 512)
    assert found.dtype == np.float64
    assert np.abs(found - expected).max() <= 2.0**-24 * 3 * np.abs(expected).max()


def test_wide_weights_of_q4_k_are_those_of_gguf_but_for_their_rounding(model):
    weights = Weights(model)
    found = weights["blk.1.ffn_down.weight"]
    raw = np.frombuffer(model.raw("blk.1.ffn_down.weight"), np.uint8).reshape(64, -1)
    expected = gguf.quants.dequantize(raw, gguf.GGMLQuantizationType.Q4_K)
    assert np.abs(found - expected).max() <= 2.0**-24 * 3 * np.abs(expected).max()
    assert weights.read == {"blk.1.ffn_down.weight"}


def test_a_type_that_is_not_read_here_is_named(tmp_path):
    drawn = np.ones((2, 32), np.float32)
    kind = gguf.GGMLQuantizationType.Q5_0
    expected = "tensor t: type is Q5_0, expected F32, Q8_0, Q4_1, Q4_K"
    file = written(tmp_path / "other.gguf", kind, drawn)
    with file, pytest.raises(BadInputError, match=expected):
        Weights(file)["t"]


def test_the_independent_pass_is_that_of_the_oracle_on_every_sentence(model):
    sentences = [(1, 5, 7, 9), (3, 4, 5, 6, 7, 8, 20)]
    independent = IndependentPass(model, Trunk(model).shape, sentences)
    logits, read = independent.logits(independent.steps[-1].stream)
    expected = np.concatenate([oracle_logits(model.path, list(one)) for one in sentences])
    # The oracle's weights are rounded to float32, those of the pass are not.
    assert np.abs(logits - expected).max() <= 1e-6 * np.abs(expected).max()
    assert read.union(*(each.read for each in independent.steps)) == set(model.tensors)


def test_a_fault_leaves_the_layers_before_it_alone(model):
    independent = IndependentPass(model, Trunk(model).shape, [(1, 5, 7, 9)])
    faulty = independent.under("swapped_gate_and_up", 1)
    assert [a is b for a, b in zip(faulty, independent.steps, strict=True)] == [True] * 3 + [False]
    assert independent.under("not_causal", 99)[0] is independent.steps[0]
    assert independent.under(None, 1) is independent.steps


def test_the_longest_chain_of_roundings():
    depth = forward_agreement.roundings(SMOLLM2, tokens=11)
    # docs/derivations.md 5: a layer has 3 * 576 + 64 + 11 + 1536 + 14 of them
    assert depth[:3].tolist() == [1, 1 + 3353, 1 + 2 * 3353]
    assert (len(depth), depth[-1]) == (32, 1 + 30 * 3353 + 578)


def test_a_larger_difference_of_one_token_is_the_one_reported(model):
    trunk, shared = Trunk(model), {}
    run = run_of("SHIP-DEMO-001", shared=shared)
    before = values(forward_agreement.of_trunk(trunk, [(1, 5), (7, 9, 11)], run))
    shared["passes"].logits[3] *= np.float32(1.5)
    shared["passes"].residual[1, 2] *= np.float32(1.25)
    after = values(forward_agreement.of_trunk(trunk, [(1, 5), (7, 9, 11)], run))
    assert after["logits_apart"] == pytest.approx(0.5, rel=1e-5)
    assert after["residual_over_bound"][0] == before["residual_over_bound"][0]
    assert after["residual_over_bound"][1] == pytest.approx(
        0.25 * 2**24 / (1 + 2 * (3 * 64 + 16 + 3 + 512 + 14)), rel=1e-4
    )


@pytest.mark.parametrize("place", [0, 2])
def test_rank_and_margin_of_a_chosen_token(model, place):
    trunk, prompt = Trunk(model), (1, 5, 7)
    logits = oracle_logits(model.path, list(prompt))[-1]
    chosen = int(np.argsort(-logits)[place])
    question = continuation.Question(prompt, chosen, subject=5, other_subject=6)
    found = values(continuation.of_trunk(trunk, question, Run({})))
    best_other = np.sort(np.delete(logits, chosen))[-1]
    assert found["rank_f32"] == 1 + place
    assert found["margin_f32"] == pytest.approx(logits[chosen] - best_other, abs=1e-3)


def test_a_file_that_names_no_source_has_no_digit_of_the_record(model):
    given = {"file_sha256": "0" * 64, "tensors_sha256": "0" * 64, "source_sha256": "0" * 64}
    found = values(digests.of_model(model, Run(given)))
    assert found["source_digits_differing"] == 64
    assert found["file_bytes"] == model.size


@pytest.mark.parametrize(
    ("found", "recorded", "differing"), [("ab", "ab", 0), ("ab", "abc", 1), ("", "", 1)]
)
def test_a_digit_that_either_side_lacks_differs(found, recorded, differing):
    assert digests._differing(found, recorded) == differing


@pytest.mark.parametrize("short", SHORT)
def test_without_a_model_the_reason_is_told(short):
    with pytest.raises(MissingError, match="no model file was given"):
        SHORT[short](run_of(short))


@pytest.mark.parametrize("short", SHORT)
def test_an_unknown_control_is_refused_by_name(short, model):
    run = run_of(short, fault="no_such_fault")
    trunk, question = Trunk(model), continuation.Question((1, 5), 7, 5, 6)
    measure = {
        "SHIP-DEMO-001": lambda: forward_agreement.of_trunk(trunk, [(1, 5)], run),
        "SHIP-DEMO-002": lambda: continuation.of_trunk(trunk, question, run),
        "SHIP-DEMO-010": lambda: digests.of_model(model, run),
    }
    with pytest.raises(UsageError, match="'no_such_fault' is unknown, expected one of"):
        measure[short]()


@pytest.fixture(scope="module")
def teacher():
    return derive("smollm2-135m-ffn-q4k").path


@pytest.mark.model
@pytest.mark.parametrize("short", SHORT)
def test_a_live_run_reaches_a_verdict_with_every_control_red(short, teacher, tmp_path):
    for folder in ("contracts", "falsifiers"):
        (tmp_path / folder).symlink_to(ROOT / folder)
    (outcome,) = discharge(Request(tmp_path, (short,), live=True, model=teacher))
    assert outcome.verdict in WITH_RECEIPT, outcome.headline
    assert outcome.level is Level.LIVE
    assert len(outcome.comparisons) == len(entry(short).expect)
    assert [each.name for each in outcome.controls if each.as_expected] == [*entry(short).controls]
    assert "numba" not in outcome.environment["packages"]


@pytest.mark.model
@pytest.mark.parametrize("given", [[7042, "ĠRome"], [-1, "ĠParis"], [49152, ""], "ĠParis", 7042])
def test_a_word_that_is_not_in_the_vocabulary_as_told_is_refused(given, teacher):
    run = Run({**entry("SHIP-DEMO-002").parameters, "expected": given}, model=teacher)
    with pytest.raises(BadInputError, match=r"parameter 'expected' is .*, expected \[id, text\]"):
        continuation.next_word(run)
