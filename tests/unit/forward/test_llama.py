"""The forward pass against an independent one, and the properties that every pass must have."""

import re

import numpy as np
import pytest

from pv.errors import BadInputError, UsageError
from pv.forward import llama
from pv.forward.llama import Point
from pv.forward.paths import path_a
from pv.forward.trunk import Trunk
from pv.tensors.gguf_errors import GgufError
from pv.tensors.gguf_header import open_model
from tests.unit.forward.oracle import oracle_logits

SENTENCES = [[3, 1, 4, 1, 5, 9, 2], [6], [5, 35, 8, 9]]


def our_logits(path, sentences):
    with open_model(path) as model:
        trunk = Trunk(model)
        done = llama.run(trunk, sentences, path_a(trunk))
        return done.batch, llama.logits(trunk, done.residual[-1])


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
        original = llama.rope
        monkeypatch.setattr(llama, "rope", lambda x, p, b, _: original(x, p, b, llama.Pairing.NEOX))
    elif fault == "positions doubled":
        original = llama.rope
        monkeypatch.setattr(llama, "rope", lambda x, p, b, pairing: original(x, p * 2, b, pairing))
    elif fault == "no mask":
        monkeypatch.setattr(np, "tri", lambda n, dtype: np.ones((n, n), dtype))
    else:
        original = llama._attend
        monkeypatch.setattr(llama, "_attend", lambda q, k, v: original(q, k[:, ::-1], v[:, ::-1]))


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
        together = llama.run(trunk, SENTENCES, path_a(trunk))
        assert together.batch.position.tolist() == [0, 1, 2, 3, 4, 5, 6, 0, 0, 1, 2, 3]
        assert together.batch.sentence.tolist() == [0] * 7 + [1] + [2] * 4
        for ids, span in zip(SENTENCES, together.batch.spans(), strict=True):
            alone = llama.run(trunk, [ids], path_a(trunk)).residual
            np.testing.assert_allclose(together.residual[:, span], alone, rtol=0, atol=2e-5)


def test_a_token_does_not_see_later_ones(small_llama):
    with open_model(small_llama()) as model:
        trunk = Trunk(model)
        first = llama.run(trunk, [[3, 1, 4, 1]], path_a(trunk)).residual
        second = llama.run(trunk, [[3, 1, 4, 20]], path_a(trunk)).residual
    np.testing.assert_array_equal(first[:, :3], second[:, :3])
    assert np.abs(first[:, 3] - second[:, 3]).max() > 0.1


def test_fewer_layers_give_the_same_start(small_llama):
    with open_model(small_llama()) as model:
        whole, part = Trunk(model), Trunk(model, layers=2)
        start = llama.run(part, SENTENCES, path_a(part)).residual
        np.testing.assert_array_equal(
            llama.run(whole, SENTENCES, path_a(whole)).residual[:2], start
        )
        with pytest.raises(UsageError, match="logits need all 3 layers, this trunk has 2"):
            llama.logits(part, start[-1])


def test_observing_changes_nothing_and_sees_every_point(small_llama):
    with open_model(small_llama()) as model:
        trunk = Trunk(model)
        plain = llama.run(trunk, SENTENCES, path_a(trunk)).residual
        seen: list[tuple[int, Point, tuple[int, ...]]] = []
        watched = llama.run(
            trunk, SENTENCES, path_a(trunk), lambda *at: seen.append((*at[:2], at[2].shape))
        ).residual
    np.testing.assert_array_equal(plain, watched)
    widths = {Point.GATE_PROJ_OUT: 512, Point.UP_PROJ_OUT: 512, Point.SWIGLU_INNER: 512}
    expected = [
        (layer, point, (12, widths.get(point, 64))) for layer in range(3) for point in Point
    ]
    assert seen == expected


def test_ffn_down_is_the_callers(small_llama):
    with open_model(small_llama()) as model:
        trunk = Trunk(model)
        calls: list[tuple[int, tuple[int, ...]]] = []

        def nothing(layer, inner):
            calls.append((layer, inner.shape))
            return np.zeros((len(inner), 64), np.float32)

        done = llama.run(trunk, [[1, 2]], nothing)
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
        with pytest.raises(BadInputError, match=re.escape(words)):
            llama.run(trunk, [[1, 2]], lambda layer, inner: answer(inner))


@pytest.mark.parametrize("sentences", [[], [[]], [[1], []], [[40]], [[-1]]])
def test_sentences_that_cannot_run_are_refused(small_llama, sentences):
    with open_model(small_llama()) as model:
        trunk = Trunk(model)
        with pytest.raises(UsageError):
            llama.run(trunk, sentences, path_a(trunk))


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
        ({"architecture": "qwen2"}, "expected 'llama', found 'qwen2'"),
    ],
)
def test_what_the_pass_does_not_understand_is_refused(small_llama, keys, words):
    with open_model(small_llama(**keys)) as model, pytest.raises(GgufError, match=re.escape(words)):
        Trunk(model)
