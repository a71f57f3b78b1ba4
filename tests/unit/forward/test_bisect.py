"""Bisection: every planted fault is found by layer and name, and a sound engine is found clean."""

import numpy as np
import pytest

from pv.errors import BadInputError, UsageError
from pv.forward.bisect import bisect
from pv.forward.drift import Drift, drift_of
from pv.forward.engine import production, reference
from pv.forward.located import OUTPUT, SUB_BLOCKS, Place
from pv.forward.null_model import FLOAT, QUANTISED
from pv.forward.planted import FAULTS, Planted
from pv.forward.trunk import Trunk
from pv.tensors.gguf_header import open_model
from tests.unit.forward.random_model import Recipe, write_model

SENTENCES = [[3, 1, 41, 59, 26, 53, 58, 97, 93], [6, 7, 8], [5, 35, 89, 79]]
TYPES = ("Q4_K", "Q6_K", "Q4_1", "Q5_1", "Q8_0", "F16", "F32")
MIXED = {"attn_v": "Q6_K", "ffn_down": "Q4_1", "output": "Q8_0", "*": "Q4_K"}
PLANTS = [
    (architecture, name)
    for architecture in ("llama", "qwen2")
    for name in FAULTS
    if architecture == "qwen2" or name != "missing-bias"
]
ENGINES = {"reference": (reference, FLOAT), "production": (production, QUANTISED)}


@pytest.fixture(scope="module")
def trunks(tmp_path_factory):
    """Return a function that opens the model of a recipe, each once."""
    folder = tmp_path_factory.mktemp("models")
    open_files, found = [], {}

    def trunk_of(architecture, types, layers=3):
        key = (architecture, str(types), layers)
        if key not in found:
            recipe = Recipe(architecture=architecture, types=types, layers=layers, seed=len(found))
            path = write_model(folder / f"{len(found)}.gguf", recipe)
            open_files.append(open_model(path))
            found[key] = Trunk(open_files[-1].__enter__(), keep=True)
        return found[key]

    yield trunk_of
    for each in open_files:
        each.__exit__(None, None, None)


@pytest.mark.parametrize("architecture", ["llama", "qwen2"])
@pytest.mark.parametrize("types", TYPES)
def test_a_sound_engine_is_clean(trunks, architecture, types):
    trunk = trunks(architecture, types, layers=2)
    found = bisect(trunk, SENTENCES, reference(trunk), production(trunk), QUANTISED)
    assert found.first is None, found.first
    names = {each.place.name for each in found.injected}
    biases = {name for name in SUB_BLOCKS if name.endswith(".bias")}
    assert names >= {*SUB_BLOCKS, *OUTPUT} - biases
    assert names & biases == {f"{stem}.bias" for stem in trunk.shape.biased}
    laws = {each.law for each in found.injected if each.place.name == "ffn_down"}
    assert laws == {"rounding" if types == "F32" else "noise"}


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize(("architecture", "name"), PLANTS)
def test_a_planted_fault_is_found_where_it_is_and_nowhere_else(trunks, architecture, engine, name):
    trunk = trunks(architecture, MIXED)
    make, formats = ENGINES[engine]
    faulty = Planted(make(trunk), trunk, 1, name)
    found = bisect(trunk, SENTENCES, reference(trunk), faulty, formats)
    assert [each.place for each in found.guilty] == [Place(1, FAULTS[name].places[0])]
    assert found.first is found.guilty[0]


class Riddled(Planted):
    """An engine with one fault in each layer, in another operation from layer to layer."""

    def __init__(self, engine, trunk, name, turn):
        super().__init__(engine, trunk, 0, name)
        places = self.fault.places
        self.planted = {Place(n, places[(n + turn) % len(places)]) for n in range(trunk.layers)}

    def operate(self, operation):
        if operation.place in self.planted:
            return self.fault.change(self.engine, operation)
        return operation.on(self.engine)


@pytest.mark.parametrize("architecture", ["llama", "qwen2"])
@pytest.mark.parametrize("name", ["scale", "floor", "swapped-sub-blocks", "half-sums"])
def test_no_product_hides_a_fault(trunks, architecture, name):
    """Every product in turn, many layers at once: each is judged on the reference's input."""
    trunk = trunks(architecture, MIXED, layers=7)
    faulty = Riddled(production(trunk), trunk, name, turn=len(name))
    found = bisect(trunk, SENTENCES, reference(trunk), faulty, QUANTISED)
    assert {each.place for each in found.guilty} == faulty.planted


@pytest.mark.parametrize("layer", [0, 2])
def test_the_layer_is_the_planted_one(trunks, layer):
    trunk = trunks("qwen2", MIXED)
    faulty = Planted(production(trunk), trunk, layer, "floor")
    found = bisect(trunk, SENTENCES, reference(trunk), faulty, QUANTISED)
    assert [each.place for each in found.guilty] == [Place(layer, "ffn_up")]


def test_the_noise_that_is_predicted_is_the_noise_that_is_measured(trunks):
    """Nothing is fitted, so on the whole the two are one."""
    trunk = trunks("llama", "Q4_1", layers=2)
    found = bisect(trunk, SENTENCES, reference(trunk), production(trunk), QUANTISED)
    ratios = [each.ratio for each in found.injected if each.law == "noise"]
    assert len(ratios) >= 2 * 8
    assert np.median(ratios) == pytest.approx(1.0, abs=0.05)


def test_a_scale_fault_above_the_resolution_is_found_and_one_far_below_is_not(trunks, monkeypatch):
    trunk = trunks("llama", "Q4_K", layers=2)
    sound = bisect(trunk, SENTENCES, reference(trunk), production(trunk), QUANTISED)
    told = {each.place: each for each in sound.injected}[Place(1, "ffn_down")]
    assert 1e-4 < told.resolution < 0.02

    def guilty(factor):
        monkeypatch.setattr("pv.forward.planted.SCALE", np.float32(factor))
        faulty = Planted(production(trunk), trunk, 1, "scale")
        return bool(bisect(trunk, SENTENCES, reference(trunk), faulty, QUANTISED).guilty)

    assert guilty(1 + 1.5 * told.resolution)
    assert not guilty(1 + 0.1 * told.resolution)


def test_weights_that_come_in_slices_are_judged_like_whole_ones(trunks, monkeypatch):
    whole = trunks("qwen2", MIXED)
    monkeypatch.setattr("pv.forward.trunk.SLICE_WEIGHTS", 1 << 13)
    sliced = Trunk(whole.model)
    first, second = (
        bisect(trunk, SENTENCES, reference(trunk), production(trunk), QUANTISED)
        for trunk in (whole, sliced)
    )
    assert not second.guilty
    for one, other in zip(first.injected, second.injected, strict=True):
        assert one.place == other.place
        assert other.ratio == pytest.approx(one.ratio, rel=0.01, abs=0.05)


def test_an_overflow_is_a_finding_and_ends_the_free_run_by_name(trunks):
    trunk = trunks("llama", MIXED)
    faulty = Planted(production(trunk), trunk, 1, "half-sums")
    found = bisect(trunk, SENTENCES, reference(trunk), faulty, QUANTISED)
    assert found.first is not None
    assert found.first.over == np.inf
    assert found.drift is None
    assert "finite" in found.ended


def test_a_fault_that_cannot_be_planted_is_refused_by_name(trunks):
    trunk = trunks("llama", MIXED)
    for layer, name, words in (
        (1, "missing-bias", "has no bias"),
        (1, "no-such", "expected one of scale"),
        (1, "scale@rope_q", "at 'rope_q': expected ffn_down, ffn_up"),
        (3, "scale", "expected 0 to 2"),
    ):
        with pytest.raises(UsageError, match=words):
            Planted(reference(trunk), trunk, layer, *name.split("@"))


def test_an_answer_of_another_shape_is_named(trunks):
    trunk = trunks("llama", MIXED)
    engine = Planted(reference(trunk), trunk, 0, "scale")
    engine.fault = engine.fault._replace(change=lambda one, at: at.on(one)[:, :-1])
    with pytest.raises(BadInputError, match=r"layer 0 ffn_down: expected shape \(16, 256\)"):
        bisect(trunk, SENTENCES, reference(trunk), engine, FLOAT)


def streams(seed, layers=12, tokens=40):
    draw = np.random.default_rng(seed)
    reference_stream = draw.standard_normal((layers, tokens, 16)).astype(np.float32)
    noise = draw.standard_normal((layers, tokens, 16)) * 0.01
    return reference_stream, noise, np.repeat(np.arange(8), tokens // 8)


def test_drift_has_a_band_over_prompts_that_holds_its_median():
    stream, noise, sentence = streams(1)
    found = drift_of(stream, (stream + noise).astype(np.float32), sentence)
    assert found.prompts == 8
    assert (found.low <= found.median).all()
    assert (found.median <= found.high).all()
    assert (found.low < found.high).any()
    assert found.outliers() == []


def test_an_outlier_layer_is_named_with_what_it_was_divided_by():
    stream, noise, sentence = streams(1)
    stream[5] *= 1e-3  # the stream shrinks, the difference does not
    found = drift_of(stream, (stream + noise).astype(np.float32), sentence)
    assert found.outliers() == [5, 6]
    assert found.stream[5] < 0.01 * np.median(found.stream)
    assert found.difference[5] == pytest.approx(np.median(found.difference), rel=0.3)


def test_one_prompt_has_no_band_and_few_layers_no_outlier():
    stream, noise, _ = streams(1, layers=4)
    found = drift_of(stream, (stream + noise).astype(np.float32), np.zeros(40, np.int64))
    assert (found.low == found.high).all()
    assert isinstance(found, Drift)
    assert found.outliers() == []
