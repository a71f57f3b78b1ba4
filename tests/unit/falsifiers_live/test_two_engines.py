"""The falsifiers over two engines: unlike samples, types of weights, absent models."""

from dataclasses import replace

import numpy as np
import pytest

from pv.discharge.guards.like_with_like import like_with_like
from pv.discharge.validity import refused, values
from pv.errors import BadInputError, MissingError, UsageError
from pv.falsifiers.apr_gguf_parity import (
    contract_file,
    gate_product,
    last_logits,
    layer_ratios,
    layer_records,
    routes_by_type,
    same_sample,
)
from pv.falsifiers.apr_gguf_parity.product_noise import judged_product
from pv.falsifiers.apr_gguf_parity.sides import Sides
from pv.falsifiers.ffn_gguf import traced_slots, tracing_changes_nothing
from pv.forward.trunk import Trunk
from pv.tensors.gguf_header import open_model
from tests.unit.falsifiers_live.contract_limits import run_of
from tests.unit.falsifiers_live.two_sides import MIXED, sides_over
from tests.unit.forward.random_model import Recipe, write_model

PARITY = "APR-GGUF-PARITY-"
HARNESSES = {
    "001": traced_slots.filled,
    "002": tracing_changes_nothing.same_bytes,
    "003": layer_ratios.ratios,
    f"{PARITY}003": gate_product.gate,
    f"{PARITY}005": routes_by_type.routes,
    f"{PARITY}006": layer_records.once_each,
    f"{PARITY}007": same_sample.counts,
    f"{PARITY}010": last_logits.cosine,
}


@pytest.fixture(scope="module")
def sides(tmp_path_factory):
    path = tmp_path_factory.mktemp("model") / "mixed.gguf"
    return sides_over(path, Recipe(types=MIXED, layers=4, seed=3))


def test_unlike_samples_have_no_ratio_and_nothing_stands_in_for_it(sides):
    pair = sides.production("all"), sides.reference("last")
    measured = layer_ratios.of_traces(pair, sides, run_of("003"))
    assert "ratio" in refused(measured)
    assert "ratio" not in values(measured)
    guard = like_with_like(measured.ratios)
    assert guard.tripped
    assert guard.reason.startswith("ratio is refused: tokens all against last")


@pytest.mark.parametrize("tokens", ["all", "last"])
def test_like_samples_have_one(sides, tokens):
    pair = sides.production(tokens), sides.reference(tokens)
    measured = layer_ratios.of_traces(pair, sides, run_of("003"))
    assert not like_with_like(measured.ratios).tripped
    found = values(measured)["ratio"]
    assert len(found) == sides.trunk.layers
    assert 0.9 < min(found) <= max(found) < 1.1


def test_a_ratio_is_that_of_the_spreads_of_the_two_arrays(sides):
    measured = layer_ratios.of_sides(sides, run_of("003", layers=[2]))
    arrays = [
        sides.production("last").of(2, "swiglu_inner").std,
        sides.reference("last").of(2, "swiglu_inner").std,
    ]
    assert values(measured)["ratio"] == (arrays[0] / arrays[1],)


def test_a_prompt_without_tokens_is_refused(sides):
    with pytest.raises(UsageError, match="prompt: has no token"):
        Sides(sides.trunk, [])


def test_the_sharper_limit_of_the_gate_is_a_few_percent(sides):
    found = values(gate_product.of_sides(sides, run_of(f"{PARITY}003")))
    assert 0.001 < found["deviation_allowed"] < 0.05
    assert abs(found["local_ratio"] - 1) < found["deviation_allowed"]


@pytest.mark.parametrize("kind", ["Q4_0", "Q5_0", "Q8_0", "Q4_1", "Q5_1", "Q4_K", "Q6_K"])
def test_products_with_every_stored_type_err_as_their_storage_must(tmp_path, kind):
    path = write_model(tmp_path / "one.gguf", Recipe(types=kind, layers=1, seed=9))
    run = run_of(f"{PARITY}005", layers=[0])
    found = values(routes_by_type.of_trunk(Trunk(open_model(path)), run))
    assert len(found["injected_over_noise"]) == 7
    assert 0.85 < min(found["injected_over_noise"]) <= max(found["injected_over_noise"]) < 1.15
    assert max(found["injected_over_bound"]) < 1


def test_a_product_whose_type_has_no_noise_model_is_refused(tmp_path):
    model = open_model(write_model(tmp_path / "half.gguf", Recipe(types="F16", layers=1)))
    x = np.ones((1, 256), np.float32)
    with pytest.raises(BadInputError, match="type is F16, expected F32, Q4_0"):
        judged_product(Trunk(model), "blk.0.ffn_up.weight", x, 1e-6)


def test_a_product_with_plain_weights_may_err_by_rounding_alone(tmp_path):
    trunk = Trunk(open_model(write_model(tmp_path / "plain.gguf", Recipe(layers=1))))
    x = np.ones((2, 256), np.float32)
    product = judged_product(trunk, "blk.0.ffn_up.weight", x, 1e-6)
    assert (product.expected == 0).all()
    found = x @ trunk.weights("blk.0.ffn_up.weight").T
    apart = np.linalg.norm(found - product.exact, axis=1)
    assert (apart > 0).all()
    assert (apart <= product.largest).all()
    assert (product.largest < 1e-3 * np.linalg.norm(product.exact, axis=1)).all()


@pytest.mark.parametrize("short", HARNESSES)
def test_without_a_model_the_reason_is_told(short):
    with pytest.raises(MissingError, match="no model file was given"):
        HARNESSES[short](run_of(short))


def test_a_contract_that_is_not_there_is_missing():
    with pytest.raises(MissingError, match=r"contracts/none\.yaml: no such file"):
        contract_file.validates(run_of(f"{PARITY}004", contract="contracts/none.yaml"))


@pytest.mark.parametrize("short", [f"{PARITY}003", f"{PARITY}006", f"{PARITY}007", "002", "003"])
def test_an_unknown_control_is_refused_by_name(short, sides):
    module = {
        f"{PARITY}003": gate_product,
        f"{PARITY}006": layer_records,
        f"{PARITY}007": same_sample,
        "002": tracing_changes_nothing,
        "003": layer_ratios,
    }[short]
    with pytest.raises(UsageError, match="'no_such_fault' is unknown, expected one of"):
        module.of_sides(sides, replace(run_of(short), fault="no_such_fault"))
