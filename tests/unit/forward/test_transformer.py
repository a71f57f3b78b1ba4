"""The forward pass against an independent one, and the properties that every pass must have."""

import re

import numpy as np
import pytest

from pv.errors import BadInputError, UsageError
from pv.forward import reference as reference_engine
from pv.forward import transformer
from pv.forward.engine import reference, replaced
from pv.forward.transformer import AFTER_LAYERS, IN_A_LAYER, Point
from pv.forward.trunk import Trunk
from pv.kernels.layout import Pairing
from pv.tensors.gguf_errors import GgufError
from pv.tensors.gguf_header import open_model
from tests.unit.forward.oracle import oracle_logits

SENTENCES = [[3, 1, 4, 1, 5, 9, 2], [6], [5, 35, 8, 9]]


def our_logits(path, sentences):
    with open_model(path) as model:
        trunk = Trunk(model)
        engine = reference(trunk)
        done = transformer.run(trunk, sentences, engine)
        return done.batch, transformer.logits(trunk, done.residual[-1], engine)


@pytest.mark.parametrize("down", ["F32", "Q4_1", "Q4_K"])
@pytest.mark.parametrize("untied", [False, True])
def test_agrees_with_the_independent_pass(small_llama, down, untied):
    path = small_llama(down=down, untied=untied)
    batch, ours = our_logits(path, SENTENCES)
    for ids, span in zip(SENTENCES, batch.spans(), strict=True):
        theirs = oracle_logits(path, ids)
        # float32 rounding through 3 layers of width 64: measured 2e-6 of the largest logit
        assert np.abs(ours[span] - theirs).max() <= 2e-5 * np.abs(theirs).max()


def faulty(monkeypatch, fault):
    """Plant one wrong operation into the pass."""
    if fault == "halves rotated":
        original = reference_engine.rope
        monkeypatch.setattr(
            reference_engine, "rope", lambda x, p, b, _, **rest: original(x, p, b, Pairing.NEOX)
        )
    elif fault == "positions doubled":
        original = reference_engine.rope
        monkeypatch.setattr(
            reference_engine,
            "rope",
            lambda x, p, b, pairing, **rest: original(x, p * 2, b, pairing),
        )
    elif fault == "no mask":
        monkeypatch.setattr(np, "tri", lambda n, m, k, dtype: np.ones((n, m), dtype))
    else:
        original = reference_engine.attend
        monkeypatch.setattr(
            reference_engine, "attend", lambda q, k, v: original(q, k[:, ::-1], v[:, ::-1])
        )


@pytest.mark.parametrize(
    "fault", ["halves rotated", "positions doubled", "no mask", "heads swapped"]
)
def test_the_independent_pass_catches_planted_faults(small_llama, monkeypatch, fault):
    path, ids = small_llama(), SENTENCES[0]
    theirs = oracle_logits(path, ids)
    faulty(monkeypatch, fault)
    _, ours = our_logits(path, [ids])
    assert np.abs(ours - theirs).max() > 1e-2 * np.abs(theirs).max()


def test_sentences_do_not_see_each_other(small_llama):
    with open_model(small_llama()) as model:
        trunk = Trunk(model)
        together = transformer.run(trunk, SENTENCES, reference(trunk))
        assert together.batch.position.tolist() == [0, 1, 2, 3, 4, 5, 6, 0, 0, 1, 2, 3]
        assert together.batch.sentence.tolist() == [0] * 7 + [1] + [2] * 4
        for ids, span in zip(SENTENCES, together.batch.spans(), strict=True):
            alone = transformer.run(trunk, [ids], reference(trunk)).residual
            np.testing.assert_allclose(together.residual[:, span], alone, rtol=0, atol=2e-5)


def test_a_token_does_not_see_later_ones(small_llama):
    with open_model(small_llama()) as model:
        trunk = Trunk(model)
        first = transformer.run(trunk, [[3, 1, 4, 1]], reference(trunk)).residual
        second = transformer.run(trunk, [[3, 1, 4, 20]], reference(trunk)).residual
    np.testing.assert_array_equal(first[:, :3], second[:, :3])
    assert np.abs(first[:, 3] - second[:, 3]).max() > 0.1


def test_fewer_layers_give_the_same_start(small_llama):
    with open_model(small_llama()) as model:
        whole, part = Trunk(model), Trunk(model, layers=2)
        start = transformer.run(part, SENTENCES, reference(part)).residual
        np.testing.assert_array_equal(
            transformer.run(whole, SENTENCES, reference(whole)).residual[:2], start
        )
        with pytest.raises(UsageError, match="logits need all 3 layers, this trunk has 2"):
            transformer.logits(part, start[-1], reference(part))


def test_observing_changes_nothing_and_sees_every_point(small_llama):
    with open_model(small_llama()) as model:
        trunk = Trunk(model)
        plain = transformer.run(trunk, SENTENCES, reference(trunk)).residual
        seen: list[tuple[int, Point, tuple[int, ...]]] = []
        engine = reference(trunk)

        def observe(layer, point, array):
            seen.append((layer, point, array.shape))

        watched = transformer.run(trunk, SENTENCES, engine, observe).residual
        unseen = transformer.logits(trunk, plain[-1], engine)
        logits = transformer.logits(trunk, watched[-1], engine, observe)
    np.testing.assert_array_equal(plain, watched)
    np.testing.assert_array_equal(unseen, logits)
    inner = (Point.GATE_PROJ_OUT, Point.UP_PROJ_OUT, Point.SILU_GATE, Point.SWIGLU_INNER)
    widths = dict.fromkeys(inner, 512) | {Point.LOGITS: 40}
    points = [(layer, point) for layer in range(3) for point in IN_A_LAYER]
    points += [(3, point) for point in AFTER_LAYERS]
    assert seen == [(layer, point, (12, widths.get(point, 64))) for layer, point in points]
    assert len({point for _, point, _ in seen}) == len(Point)


def test_silu_gate_times_up_is_what_goes_into_ffn_down(small_llama):
    seen: dict[Point, np.ndarray] = {}
    with open_model(small_llama()) as model:
        trunk = Trunk(model, layers=1)
        transformer.run(trunk, SENTENCES, reference(trunk), lambda _, at, x: seen.update({at: x}))
    gate = seen[Point.GATE_PROJ_OUT].astype(np.float64)
    np.testing.assert_allclose(seen[Point.SILU_GATE], gate / (1 + np.exp(-gate)), rtol=2e-7)
    inner = seen[Point.SILU_GATE] * seen[Point.UP_PROJ_OUT]
    np.testing.assert_allclose(seen[Point.SWIGLU_INNER], inner, rtol=2e-7)


def test_ffn_down_is_the_callers(small_llama):
    with open_model(small_llama()) as model:
        trunk = Trunk(model)
        calls: list[tuple[int, tuple[int, ...]]] = []

        def nothing(layer, inner):
            calls.append((layer, inner.shape))
            return np.zeros((len(inner), 64), np.float32)

        done = transformer.run(trunk, [[1, 2]], replaced(reference(trunk), "ffn_down", nothing))
        assert calls == [(0, (2, 512)), (1, (2, 512)), (2, (2, 512))]
        assert np.isfinite(done.residual).all()


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (lambda inner: np.zeros((len(inner), 63), np.float32), "expected float32 (2, 64)"),
        (lambda inner: np.zeros((len(inner), 64)), "found float64 (2, 64)"),
        (
            lambda inner: np.full((len(inner), 64), np.nan, np.float32),
            "residual stream after layer 0: is not finite",
        ),
    ],
)
def test_a_wrong_ffn_down_is_refused(small_llama, answer, words):
    with open_model(small_llama()) as model:
        trunk = Trunk(model)
        engine = replaced(reference(trunk), "ffn_down", lambda layer, inner: answer(inner))
        with pytest.raises(BadInputError, match=re.escape(words)):
            transformer.run(trunk, [[1, 2]], engine)


@pytest.mark.parametrize("sentences", [[], [[]], [[1], []], [[40]], [[-1]]])
def test_sentences_that_cannot_run_are_refused(small_llama, sentences):
    with open_model(small_llama()) as model:
        trunk = Trunk(model)
        with pytest.raises(UsageError):
            transformer.run(trunk, sentences, reference(trunk))


@pytest.mark.parametrize("layers", [0, 4, -1])
def test_layers_that_do_not_exist_are_refused(small_llama, layers):
    with open_model(small_llama()) as model, pytest.raises(UsageError, match="has 1 to 3"):
        Trunk(model, layers)


@pytest.mark.parametrize(
    ("keys", "words"),
    [
        ({"expert_count": 8}, "key 'llama.expert_count': is not understood"),
        ({"rope.dimension_count": 8}, "expected the head size 16 (even), found 8"),
        ({"attention.head_count_kv": 3}, "does not divide"),
        ({"feed_forward_length": 256}, "expected shape (256, 64), found (512, 64)"),
        ({"embedding_length": 0}, "expected a positive integer, found 0"),
        ({"architecture": "qwen3"}, "expected one of llama, qwen2, found 'qwen3'"),
    ],
)
def test_what_the_pass_does_not_understand_is_refused(small_llama, keys, words):
    with open_model(small_llama(**keys)) as model, pytest.raises(GgufError, match=re.escape(words)):
        Trunk(model)
