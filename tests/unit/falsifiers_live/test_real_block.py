"""014 on synthetic blocks: bounds, noise, controls and the published question beside it."""

import numpy as np
import pytest

from pv.discharge.guards import look
from pv.discharge.guards.interface import Seen
from pv.errors import MissingError
from pv.falsifiers.ffn_gguf import real_block
from pv.falsifiers.ffn_gguf.fixtures import activation, block
from pv.falsifiers.interface import Run
from pv.kernels.q4k_dequantize.reference import dequantize
from pv.tensors.gguf_errors import WrongTensorType
from tests.unit.falsifiers_live.contract_limits import entry, run_of, unmet
from tests.unit.falsifiers_live.synthetic_model import random_blocks, write_model


def values(measured):
    return {each.name: each.value for each in measured.metrics}


@pytest.mark.parametrize("seed", range(20))
def test_no_false_alarm_over_seeds(seed):
    measured = real_block.of_blocks(random_blocks(seed, 300), run_of("014", seed=seed))
    assert unmet(entry("014"), measured) == set()
    assert not any(guard.tripped for guard in look(Seen(measured, entry("014").expect)))


def test_difference_and_product_are_those_of_the_published_activation():
    blocks = random_blocks(2, 50)
    found = values(real_block.of_blocks(blocks, run_of("014")))
    x = activation(0).astype(np.float64)
    weights = dequantize(blocks).astype(np.float64)
    step = np.abs(x).max() / 127
    rounded = np.copysign(np.floor(np.abs(x / step) + 0.5), x) * step
    assert found["product"] == pytest.approx(np.median(np.abs(weights @ x)), rel=1e-5)
    direct = np.abs(weights @ (rounded - x))
    assert found["difference"] == pytest.approx(np.median(direct), rel=1e-3)
    assert found["bound_use"] == pytest.approx(
        (direct / (step / 2 * np.abs(weights).sum(axis=1))).max(), rel=1e-2
    )


def test_the_published_question_divides_one_blocks_ratio_by_that_of_008():
    run = Run(entry("014").beside[0].parameters)
    measured = real_block.of_first_block(block(0, 0), run)
    (amplification,) = measured.ratios
    assert amplification.numerator.value == amplification.denominator.value
    assert amplification.denominator.value == pytest.approx(0.077401183, abs=5e-9)
    assert values(measured)["path_a"] == pytest.approx(-18882.443, abs=1e-3)


def test_a_single_block_with_a_product_near_zero_trips_the_conditioning_guard():
    blocks = random_blocks(3, 4000)
    products = np.abs(dequantize(blocks) @ activation(0))
    run = Run(entry("014").beside[0].parameters)
    smallest = real_block.of_first_block(blocks[np.argmin(products)], run)
    largest = real_block.of_first_block(blocks[np.argmax(products)], run)
    tripped = [
        next(each.tripped for each in look(Seen(one)) if each.guard == "conditioning")
        for one in (smallest, largest)
    ]
    assert tripped == [True, False]


def test_blocks_come_from_the_layer_of_the_model(tmp_path):
    path = write_model(tmp_path / "m.gguf", seed=1, layers=4)
    measured = real_block.block_noise(Run(entry("014").parameters, model=path))
    assert unmet(entry("014"), measured) == set()
    assert measured.notes == ("128 blocks, each a dot product of its own",)
    assert real_block.one_block(Run(entry("014").beside[0].parameters, model=path)).ratios


def test_another_tensor_type_is_refused(tmp_path):
    path = write_model(tmp_path / "m.gguf", seed=1, layers=4, down_type="Q8_0")
    with pytest.raises(WrongTensorType, match="Q8_0"):
        real_block.block_noise(Run(entry("014").parameters, model=path))


def test_without_a_model_nothing_is_measured():
    with pytest.raises(MissingError, match="no model"):
        real_block.block_noise(run_of("014"))
