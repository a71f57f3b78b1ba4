"""Drift over depth: medians, intervals and fits against closed forms."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pv.falsifiers.ffn_gguf import drift

SENTENCE = np.repeat(np.arange(12), 10)


def weights(draws=200, seed=1):
    return drift.draw_sentences(SENTENCE, draws, seed)


def noisy(curve, spread, seed=2):
    """Return a curve over layers for every token, each with its own factor."""
    factors = np.exp(spread * np.random.default_rng(seed).standard_normal(len(SENTENCE)))
    return np.asarray(curve)[:, None] * factors


def test_row_0_is_the_sample_and_every_draw_takes_whole_sentences():
    found = weights()
    assert (found[0] == 1).all()
    by_sentence = found.reshape(len(found), 12, 10)
    assert (by_sentence == by_sentence[..., :1]).all()
    assert (by_sentence[..., 0].sum(axis=1) == 12).all()


def test_draws_repeat_with_their_seed():
    assert (weights(seed=3) == weights(seed=3)).all()
    assert (weights(seed=3) != weights(seed=4)).any()


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(st.integers(-9, 9), st.integers(0, 4)), min_size=1, max_size=12).filter(
        lambda pairs: any(count for _, count in pairs)
    )
)
def test_a_weighted_median_is_that_of_the_repeated_values(pairs):
    values, counts = np.array(pairs, dtype=float).T
    repeated = np.sort(np.repeat(values, counts.astype(int)))
    expected = repeated[(len(repeated) - 1) // 2]
    assert drift.weighted_medians(values, counts[None])[0] == expected


@pytest.mark.parametrize("factor", [0.5, 1.0, 2.0])
def test_growth_is_the_quotient_of_one_tokens_drifts(factor):
    found = drift.growth(noisy([0.01, 0.05, 0.01 * factor], spread=2.0), 2, weights())
    assert found.value == pytest.approx(factor)
    assert found.low == pytest.approx(factor)
    assert found.high == pytest.approx(factor)


def test_the_interval_covers_and_follows_the_spread_between_sentences():
    draw = np.random.default_rng(5)
    last = np.exp(0.3 * draw.standard_normal(12))[SENTENCE] * np.exp(
        0.01 * draw.standard_normal(len(SENTENCE))
    )
    found = drift.growth(np.stack([np.ones(len(SENTENCE)), last]), 1, weights(2000))
    assert found.low < found.value < found.high
    assert found.high / found.low > 1.2  # 120 independent tokens would give about 1.1


@pytest.mark.parametrize("alpha", [-0.5, 0.0, 0.5, 1.5])
def test_a_power_law_is_recognised(alpha):
    found = drift.shape(noisy(np.arange(1, 13.0) ** alpha, spread=0.2), weights())
    assert found.alpha.value == pytest.approx(alpha, abs=1e-9)
    assert found.power_law_advantage > 0 or alpha == 0


@pytest.mark.parametrize("rate", [-0.3, 0.1, 0.4])
def test_an_exponential_is_recognised(rate):
    found = drift.shape(noisy(np.exp(rate * np.arange(12)), spread=0.2), weights())
    assert found.power_law_advantage < 0


def test_without_draws_an_estimate_has_no_width():
    found = drift.growth(noisy([1.0, 3.0], spread=0.5), 1, weights()[:1])
    assert (found.low, found.value, found.high) == pytest.approx((3.0, 3.0, 3.0))
