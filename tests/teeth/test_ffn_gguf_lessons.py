"""The incidents behind the lessons: each is caught by the guard that the lesson names."""

import pytest

from pv.discharge.guards.conditioning import conditioning
from pv.discharge.guards.coupling import coupling
from pv.discharge.guards.like_with_like import like_with_like
from pv.discharge.guards.teeth import teeth
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


def published_recipe(carry):
    """Return A and B of six layers, each fed with the first vector times 1 + carry * (A or B)."""
    gains = [(3.0, 3.001), (-2.0, -2.002), (5.0, 5.004), (1.5, 1.501), (-4.0, -4.001), (2.5, 2.502)]
    a = b = 1.0
    pairs = []
    for gain_a, gain_b in gains:
        left, right = gain_a * a, gain_b * b
        pairs.append((left, right))
        a, b = 1 + carry * left / max(abs(left), 1), 1 + carry * right / max(abs(right), 1)
    return tuple(abs(left - right) / abs(left) for left, right in pairs)


def chain(carry, bound):
    coupled, unchained = published_recipe(carry), published_recipe(0.0)
    return Chain("recipe", coupled, unchained, unchained, (bound,) * len(coupled))


def test_the_published_recipe_is_no_chain():
    # All |A| >= 1: both sides get the same factor, so nothing but rounding is left.
    assert coupling([chain(0.001, 1e-12)]).tripped
    carried = Chain("chain", (1.0, 2.0, 4.0), (1.0, 1.0, 1.0), (1.0, 2.0, 2.0), (0.1, 0.1, 0.1))
    assert not coupling([carried]).tripped


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
