"""Path B on synthetic weights: exact where it must be, and refused where the type is another."""

import numpy as np
import pytest

from pv.forward import transformer
from pv.forward.paths import engine_of, path_a, path_b
from pv.forward.trunk import Trunk
from pv.kernels.q4k_q8k_matvec.reference import matvec_f64
from pv.kernels.q8k_quantize.reference import Q8K, quantize_ggml, quantize_rust
from pv.tensors.gguf_errors import WrongTensorType
from pv.tensors.gguf_header import open_model


@pytest.mark.parametrize("quantize", [quantize_ggml, quantize_rust])
def test_path_b_is_the_integer_product(small_llama, quantize):
    inner = np.random.default_rng(3).standard_normal((5, 512)).astype(np.float32)
    with open_model(small_llama()) as model:
        trunk = Trunk(model)
        found = path_b(trunk, quantize)(1, inner)
        blocks = trunk.ffn_down_blocks(1)
        for token in range(5):
            exact = matvec_f64(blocks, quantize(inner[token].reshape(2, 256)))
            np.testing.assert_allclose(found[token], exact, rtol=0, atol=1e-5)
    assert (found.dtype, found.shape) == (np.float32, (5, 64))


def test_both_paths_agree_where_quantisation_is_exact(small_llama):
    """Whole activations up to 127, with 127 itself in each block, lose nothing in Q8_K."""
    inner = np.random.default_rng(4).integers(-126, 127, (6, 512)).astype(np.float32)
    inner[:, ::256] = 127
    with open_model(small_llama()) as model:
        trunk = Trunk(model, keep=True)
        a, b = path_a(trunk)(0, inner), path_b(trunk)(0, inner)
    bound = 512 * 2.0**-24 * (np.abs(inner) @ np.abs(trunk.ffn_down(0)).T)
    assert (np.abs(a - b) <= 4 * bound).all()


def test_path_b_uses_the_quantiser_it_is_given(small_llama):
    def halved(x) -> Q8K:
        sound = quantize_ggml(x)
        return sound._replace(scale=sound.scale / 2)

    inner = np.random.default_rng(5).standard_normal((2, 512)).astype(np.float32)
    with open_model(small_llama()) as model:
        trunk = Trunk(model)
        np.testing.assert_array_equal(
            path_b(trunk, halved)(2, inner), path_b(trunk)(2, inner) / np.float32(2)
        )


def test_path_b_refuses_other_types(small_llama):
    with open_model(small_llama(down="Q4_1")) as model:
        trunk = Trunk(model)
        with pytest.raises(WrongTensorType, match="expected type Q4_K, found Q4_1"):
            transformer.run(trunk, [[1, 2]], engine_of(trunk, path_b(trunk)))


def test_blocks_are_a_view_of_the_file(small_llama):
    with open_model(small_llama()) as model:
        blocks = Trunk(model).ffn_down_blocks(0)
        assert (blocks.shape, blocks.dtype, blocks.flags.writeable) == (
            (64, 2, 144),
            np.uint8,
            False,
        )
        assert not blocks.flags.owndata
