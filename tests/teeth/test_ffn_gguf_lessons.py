"""The incidents behind the lessons: each is caught by the guard that the lesson names."""

import numpy as np
import pytest

from pv.discharge.guards.conditioning import conditioning
from pv.discharge.guards.coupling import coupling
from pv.discharge.guards.like_with_like import like_with_like
from pv.discharge.guards.teeth import teeth
from pv.falsifiers.ffn_gguf import fixtures, published_chain
from pv.falsifiers.ffn_gguf.arithmetic import vector_rel_diff
from pv.falsifiers.ffn_gguf.routes import feed_a, feed_b
from pv.falsifiers.interface import Run
from pv.model.measurement import Chain, Conditioning, Ratio, Sample, Statistic
from pv.model.receipt import ControlResult
from tests.unit.falsifiers.own_registry import measure, synthetic


def spread(value, tokens, elements):
    shape = (elements // 18944, 18944)
    return Statistic("std", value, Sample(tokens, elements, shape, "std (population)", "float32"))


def test_a_std_over_seven_tokens_is_not_divided_by_the_last_tokens():
    apr, gguf = spread(1.2216, "all", 132608), spread(0.0670, "last", 18944)
    seen = like_with_like([Ratio("layer 3", apr, gguf)])
    assert seen.tripped
    assert seen.numbers["layer 3"]["tokens"] == ["all", "last"]
    assert seen.numbers["layer 3"]["elements"] == [132608, 18944]
    matched = Ratio("layer 3", spread(1.245, "last", 18944), spread(1.0, "last", 18944))
    assert not like_with_like([matched]).tripped


@pytest.mark.parametrize("short", ["FFN-GGUF-009", "FFN-GGUF-013"])
def test_published_growth_factors_are_refused(short):
    of = synthetic()[short]
    (companion,) = of.beside
    seen = like_with_like(measure(companion).ratios)
    assert seen.tripped
    (unlike,) = seen.numbers.values()
    assert unlike["metric"][1] == "scalar relative difference"
    assert not like_with_like(measure(of).ratios).tripped


def test_the_published_recipe_is_no_chain():
    blocks = fixtures.symmetric_blocks(np.random.default_rng(3), 12)[:, 0]
    run = Run({"coupling": 0.001, "token": 0, "seed": 18})
    assert coupling(published_chain.of_blocks(blocks, run).chains).tripped


def test_a_feed_forward_that_hands_its_output_on_is_a_chain():
    generator = np.random.default_rng(3)
    matrices = [fixtures.symmetric_blocks(generator, 256) for _ in range(4)]
    x = generator.standard_normal(256).astype(np.float32)

    def drifts(order):
        chosen = [matrices[index] for index in order]
        pairs = zip(feed_a(chosen, x), feed_b(chosen, x), strict=True)
        found = {index: vector_rel_diff(a, b) for index, (a, b) in zip(order, pairs, strict=True)}
        return tuple(found[index] for index in sorted(found))

    alone = tuple(drifts([index])[0] for index in range(4))
    no_carry = (1e-6,) * 4  # rounding of float32, far below the drift itself
    chain = Chain("feed-forward", drifts([0, 1, 2, 3]), alone, drifts([2, 0, 3, 1]), no_carry)
    assert not coupling([chain]).tripped


def test_a_near_zero_denominator_is_refused():
    # Differences of one size; the outlier's dot product is nearly zero.
    ordinary = Conditioning("layer 3", (0.0071,), (1.6585,), (5.0,))
    outlier = Conditioning("layer 24", (0.0071,), (0.0016,), (5.0,))
    assert not conditioning([ordinary]).tripped
    seen = conditioning([ordinary, outlier])
    assert seen.tripped
    assert "layer 24" in seen.reason


def test_a_control_that_stays_green_costs_the_verdict():
    red = ControlResult("stretched_half", True, True, True, ())
    green = ControlResult("longer_query", True, False, True, ())
    assert not teeth([red]).tripped
    assert teeth([red, green]).tripped
    assert teeth([]).tripped
