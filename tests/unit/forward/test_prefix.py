"""What passes have in common is computed once, and changes no bit of any of them."""

import numpy as np
import pytest

from pv.forward import transformer
from pv.forward.engine import reference, replaced
from pv.forward.paths import engine_of, path_a, path_b
from pv.forward.prefix import Prefix
from pv.forward.trunk import Trunk
from pv.tensors.gguf_header import open_model

SENTENCES = [[1, 2, 3, 4], [5, 6, 7]]


class Counting:
    """A reference engine that counts its products."""

    def __init__(self, trunk):
        self._engine = reference(trunk)
        self.products = []

    def __getattr__(self, name):
        return getattr(self._engine, name)

    def product(self, tensor, activations):
        self.products.append(tensor)
        return self._engine.product(tensor, activations)


@pytest.fixture
def trunk(small_llama):
    with open_model(small_llama()) as model:
        yield Trunk(model, keep=True)


def test_a_replayed_pass_has_the_bits_of_one_that_computes_everything(trunk):
    prefix = Prefix("ffn_down")
    transformer.run(trunk, SENTENCES, prefix.recorded(engine_of(trunk, path_a(trunk))))
    alone = transformer.run(trunk, SENTENCES, engine_of(trunk, path_b(trunk)))
    for _ in range(2):  # one recording serves every pass
        shared = transformer.run(trunk, SENTENCES, prefix.replayed(engine_of(trunk, path_b(trunk))))
        np.testing.assert_array_equal(shared.residual, alone.residual)


def test_only_what_follows_the_matrix_is_computed_again(trunk):
    prefix = Prefix("ffn_down")
    transformer.run(trunk, SENTENCES, prefix.recorded(reference(trunk)))
    counting = Counting(trunk)
    transformer.run(trunk, SENTENCES, prefix.replayed(counting))
    assert not [name for name in counting.products if name.startswith("blk.0.")][1:]
    assert counting.products[0] == "blk.0.ffn_down.weight"


def test_a_pass_of_other_operations_is_refused(trunk):
    prefix = Prefix("ffn_down")
    transformer.run(trunk, SENTENCES, prefix.recorded(reference(trunk)))
    other = prefix.replayed(reference(trunk))
    with pytest.raises(ValueError, match="asks for swiglu, the recorded one asked for rms_norm"):
        other.swiglu(np.ones((1, 1), np.float32), np.ones((1, 1), np.float32))


def test_nothing_is_replayed_that_was_not_recorded_to_its_end(trunk):
    prefix = Prefix("ffn_down")
    with pytest.raises(ValueError, match="no pass was recorded up to ffn_down"):
        prefix.replayed(reference(trunk))


def test_a_matrix_that_differs_earlier_ends_the_prefix_earlier(trunk):
    prefix = Prefix("ffn_gate")
    transformer.run(trunk, SENTENCES, prefix.recorded(reference(trunk)))
    halved = replaced(
        reference(trunk),
        "ffn_gate",
        lambda layer, x: x @ trunk.weights(f"blk.{layer}.ffn_gate.weight").T / np.float32(2),
    )
    alone = transformer.run(trunk, SENTENCES, halved)
    shared = transformer.run(trunk, SENTENCES, prefix.replayed(halved))
    np.testing.assert_array_equal(shared.residual, alone.residual)
