"""The random models that other tests stand on: readable, as asked for, the same every time."""

import numpy as np
import pytest

from pv.tensors.dequantize import dequantize
from pv.tensors.ggml_types import GgmlType
from pv.tensors.gguf_header import open_model
from tests.unit.forward.random_model import MATRICES, Recipe, tensors_of, tokens_of, write_model

# Largest error of a weight as a share of the largest in its matrix: half a step, rounded scale
COARSENESS = {"F32": 0, "F16": 1e-3, "Q8_0": 1 / 240, "Q4_1": 1 / 10, "Q6_K": 1 / 25, "Q4_K": 1 / 8}


@pytest.mark.parametrize("architecture", ["llama", "qwen2"])
@pytest.mark.parametrize("kind", COARSENESS)
def test_each_type_stores_about_the_weights_of_the_recipe(tmp_path, architecture, kind):
    recipe = Recipe(architecture, types=kind, layers=1)
    with open_model(write_model(tmp_path / "m.gguf", recipe)) as model:
        meant = dict(tensors_of(recipe))
        assert set(model.tensors) == set(meant)
        for name, values in meant.items():
            stored = GgmlType[kind] if values.ndim == 2 else GgmlType.F32
            assert model.tensor(name).type is stored
            worst = np.abs(dequantize(model, name) - values).max()
            assert worst <= COARSENESS[kind] * np.abs(values).max(), name


def test_mixes_heads_and_scaling_are_as_asked(tmp_path):
    types = {"ffn_down": "Q6_K", "token_embd": "Q8_0", "*": "Q4_K"}
    scaling = {"type": "linear", "factor": 4.0}
    recipe = Recipe("qwen2", types=types, tied=True, scaling=scaling, factors=True)
    with open_model(write_model(tmp_path / "m.gguf", recipe)) as model:
        found = {model.tensor(f"blk.1.{one}.weight").type.name for one in MATRICES}
        assert found == {"Q4_K", "Q6_K"}
        assert model.tensor("token_embd.weight").type is GgmlType.Q8_0
        assert "output.weight" not in model.tensors
        assert model.tensor("rope_freqs.weight").shape == (32,)
        assert model.tensor("blk.0.attn_k.bias").shape == (128,)
        assert model.metadata["qwen2.rope.scaling.factor"] == 4.0
        assert model.metadata["tokenizer.ggml.tokens"].strings() == tuple(tokens_of(320))


def test_the_same_recipe_gives_the_same_bytes(tmp_path):
    one, other, third = (
        write_model(tmp_path / f"{n}.gguf", Recipe(types="Q4_K", layers=1, seed=seed)).read_bytes()
        for n, seed in enumerate((3, 3, 4))
    )
    assert one == other
    assert one != third
