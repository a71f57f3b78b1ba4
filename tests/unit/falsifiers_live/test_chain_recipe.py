"""018 and the published recipe: bounds, controls and figures on synthetic blocks."""

import numpy as np
import pytest

from pv.discharge.guards import look
from pv.discharge.guards.interface import Seen
from pv.errors import BadInputError, MissingError
from pv.falsifiers.ffn_gguf import chain_coupling, published_chain
from pv.falsifiers.ffn_gguf import chain_recipe as recipe
from pv.falsifiers.ffn_gguf.fixtures import activation
from pv.falsifiers.interface import Run
from pv.kernels.q4k_dequantize.reference import dequantize
from tests.unit.falsifiers_live.contract_limits import entry, run_of, unmet
from tests.unit.falsifiers_live.synthetic_model import random_blocks, write_model

COUPLING = 0.001
START = activation(0)
WIDE = START.astype(np.float64)
CHAINED = recipe.scaled_start(WIDE, COUPLING)


def values(measured):
    return {each.name: each.value for each in measured.metrics}


def test_the_first_vector_has_no_tie_to_round():
    """So a factor close to 1 can move no quant: the derivation counts on it."""
    scaled = np.abs(WIDE) * 127 / np.abs(WIDE).max()
    assert np.abs(scaled % 1 - 0.5).min() >= 1 / 640 - 1e-5


@pytest.mark.parametrize("seed", range(5))
def test_the_exact_recipe_scales_as_derived(seed):
    """Chained outputs are the unchained ones times the factor that the layer before hands on."""
    blocks = random_blocks(seed, 12, scale=0.02)
    chained = recipe.exact(blocks, WIDE, CHAINED)
    alone = recipe.exact(blocks, WIDE, recipe.scaled_start(WIDE, 0.0))
    for outputs, single in ((chained.a, alone.a), (chained.b, alone.b)):
        factors = 1 + COUPLING * np.clip(outputs[:-1], -1, 1)
        np.testing.assert_allclose(outputs[1:], factors * single[1:], rtol=1e-12)


@pytest.mark.parametrize("seed", range(20))
@pytest.mark.parametrize("scale", [0.005, 0.05, 1.0])
def test_018_meets_its_limits_on_any_blocks(seed, scale):
    measured = chain_coupling.of_blocks(random_blocks(seed, 10, scale), run_of("018", seed=seed))
    assert unmet(entry("018"), measured) == set()


def test_the_bound_is_sharp():
    """It is used to 99.9 % where a layer before has small outputs: no constant is to spare."""
    used = [
        max(values(chain_coupling.of_blocks(random_blocks(seed, 10, 0.02), run_of("018")))[name])
        for seed in range(5)
        for name in ("chained_over_bound", "shuffled_over_bound")
    ]
    assert max(used) > 0.999


def test_018_claims_no_chain():
    assert not chain_coupling.of_blocks(random_blocks(1, 4), run_of("018")).chains


def test_the_published_run_is_the_exact_one_up_to_float32():
    blocks = random_blocks(3, 20)
    chained = recipe.exact(blocks, WIDE, CHAINED)
    found = recipe.published(blocks, START, COUPLING)
    noise = recipe.float32_noise(chained, recipe.terms(blocks, WIDE), COUPLING)
    gap = np.abs(found.relative - chained.relative)
    assert (gap <= noise).all()
    assert (gap > 0).any()
    assert (found.quants == chained.quants).all()


def test_an_output_of_zero_has_no_ratio():
    blocks = np.zeros((2, 144), np.uint8)
    with pytest.raises(BadInputError, match="layer 0"):
        _ = recipe.exact(blocks, WIDE, CHAINED).relative


def test_an_output_within_its_rounding_has_no_bound():
    blocks = random_blocks(4, 1)
    run = recipe.exact(blocks, WIDE, CHAINED)
    huge = recipe.Terms(np.array([1e9]), np.array([1e9]))
    with pytest.raises(BadInputError, match="within its rounding"):
        recipe.float32_noise(run, huge, COUPLING)


def companion(number):
    return entry(number).beside[0]


def published(blocks, **changes):
    parameters = {**companion("016").parameters, **changes}
    return published_chain.of_blocks(blocks, Run(parameters))


@pytest.mark.parametrize("seed", range(10))
def test_the_coupling_guard_marks_the_published_recipe_as_no_chain(seed):
    guards = {each.guard: each for each in look(Seen(published(random_blocks(seed, 5))))}
    assert guards["coupling"].tripped
    assert "no chain" in guards["coupling"].reason
    assert not guards["like-with-like"].tripped


def test_the_coupling_guard_leaves_a_chain_that_carries_its_activation_alone(monkeypatch):
    monkeypatch.setattr(recipe, "scaled_start", _really_coupled(recipe.scaled_start))
    guards = {each.guard: each for each in look(Seen(published(random_blocks(1, 5))))}
    assert not guards["coupling"].tripped


def _really_coupled(sound):
    return lambda start, strength: recipe.added_output if strength else sound(start, strength)


def test_published_statistics_are_those_of_the_series():
    blocks = random_blocks(6, 12)
    found = values(published(blocks))
    series = np.array(found["rel_diff"])
    a = [float(each) for each in dequantize(blocks).astype(np.float64) @ WIDE]
    assert found["minimum"] == series.min()
    assert found["maximum"] == series.max()
    assert found["mean"] == pytest.approx(series.mean())
    assert found["median"] == np.median(series)
    assert found["drops"] == (np.diff(series) < 0).sum()
    assert found["outliers"] == sum(series > 10)
    np.testing.assert_allclose(found["denominator"], np.abs(a), rtol=2e-3)
    np.testing.assert_allclose(
        100 * np.array(found["difference"]) / found["denominator"], series, rtol=1e-6
    )


def test_growth_is_last_over_first_of_the_same_kind():
    measured = published(random_blocks(6, 12))
    (growth,) = measured.ratios
    series = values(measured)["rel_diff"]
    assert growth.numerator.value == series[-1]
    assert growth.denominator.value == series[0]
    assert growth.numerator.metric == growth.denominator.metric


@pytest.mark.parametrize("layers", [3, "all"])
def test_blocks_come_from_the_model(layers, tmp_path):
    path = write_model(tmp_path / "m.gguf", seed=1, layers=4)
    run = Run({**entry("018").parameters, "layers": layers}, model=path)
    assert len(values(chain_coupling.coupling(run))["differences"]) == (3 if layers == 3 else 4)
    beside = Run({**companion("016").parameters, "layers": layers}, model=path)
    assert len(values(published_chain.one_super_block_chain(beside))["rel_diff"]) in (3, 4)


@pytest.mark.parametrize("layers", [0, 5])
def test_layers_that_the_model_does_not_have_are_refused(layers, tmp_path):
    path = write_model(tmp_path / "m.gguf", seed=1, layers=4)
    with pytest.raises(BadInputError, match="the model has 1 to 4"):
        chain_coupling.coupling(Run({**entry("018").parameters, "layers": layers}, model=path))


def test_without_a_model_nothing_is_measured():
    with pytest.raises(MissingError, match="no model"):
        chain_coupling.coupling(run_of("018"))
    with pytest.raises(MissingError, match="no model"):
        published_chain.one_super_block_chain(Run(companion("016").parameters))
