"""Damaged models under the forward pass: finite numbers or a refusal, and nothing else."""

import random
import struct

import numpy as np
import pytest

from pv.errors import PvError
from pv.forward import transformer
from pv.forward.decoding import Decoder, greedy
from pv.forward.engine import ENGINES
from pv.forward.paths import engine_of, path_a, path_b
from pv.forward.trunk import Trunk
from pv.tensors.gguf_header import open_model
from tests.unit.forward.random_model import Recipe, write_model


def outcome(path) -> str:
    """Run both paths; `ran` where all came out finite, `refused` where pv said why not."""
    try:
        with open_model(path) as model:
            trunk = Trunk(model)
            for product in (path_a(trunk), path_b(trunk)):
                engine = engine_of(trunk, product)
                stream = transformer.run(trunk, [[1, 2, 3]], engine).residual[-1]
                assert np.isfinite(transformer.logits(trunk, stream, engine)).all()
    except PvError:
        return "refused"
    return "ran"


def mutations(content: bytes, count: int, seed: int):
    """Yield copies with a few bytes of the tensors, or one field of the header, replaced."""
    dice = random.Random(seed)  # noqa: S311 - repeatable on purpose
    for index in range(count):
        found = bytearray(content)
        if index % 2:
            for _ in range(8):
                at = dice.randrange(2000, len(found) - 4)
                found[at : at + 4] = struct.pack("<f", dice.choice([1e38, -1e38, 1e30, 3.4e38]))
        else:
            at = dice.randrange(1500)
            found[at : at + 4] = struct.pack("<I", dice.choice([0, 1, 2, 255, 2**31, 2**32 - 1]))
        yield bytes(found)


@pytest.mark.parametrize("seed", [11])
def test_damage_gives_finite_numbers_or_a_refusal(small_llama, tmp_path, seed):
    content = small_llama(untied=True).read_bytes()
    path = tmp_path / "damaged.gguf"
    outcomes = []
    for mutation in mutations(content, 160, seed):
        path.write_bytes(mutation)
        outcomes.append(outcome(path))
    assert outcomes.count("refused") > 20
    assert outcomes.count("ran") > 20


def decoded(path, name: str) -> str:
    """Decode two tokens after three with an engine, as `outcome` does with whole sentences."""
    try:
        with open_model(path) as model:
            trunk = Trunk(model)
            found = greedy(Decoder(trunk, ENGINES[name](trunk)), [1, 2, 3], 2)
            assert all(0 <= one < trunk.shape.vocabulary for one in found)
    except PvError:
        return "refused"
    return "ran"


@pytest.mark.parametrize("name", ENGINES)
def test_damage_under_both_engines_gives_tokens_or_a_refusal(tmp_path, name):
    types = {"ffn_down": "Q4_K", "attn_v": "Q6_K", "attn_k": "F16", "*": "Q5_1"}
    scaling = {"type": "yarn", "factor": 4.0, "original_context_length": 64}
    recipe = Recipe("qwen2", types=types, layers=1, scaling=scaling)
    content = write_model(tmp_path / "sound.gguf", recipe).read_bytes()
    begin = content.index(b"qwen2.block_count")
    dice, path, outcomes = random.Random(7), tmp_path / "damaged.gguf", []  # noqa: S311 - as above
    for index in range(80):
        found = bytearray(content)
        if index % 2:  # a number of the header
            at = begin + dice.randrange(700)
            found[at : at + 4] = struct.pack("<I", dice.choice([0, 1, 3, 255, 2**31, 2**32 - 1]))
        for _ in range(0 if index % 2 else 3):  # tensors: infinite and huge float16 fields
            at = dice.randrange(len(content) // 4, len(content) - 2)
            found[at : at + 2] = struct.pack("<H", dice.choice([0x7C00, 0x7E00, 0x7BFF, 0xFC00]))
        path.write_bytes(found)
        outcomes.append(decoded(path, name))
    assert outcomes.count("refused") > 10
    assert outcomes.count("ran") > 10


@pytest.mark.parametrize("scale", [b"\x00\x7e", b"\x00\x7c"], ids=["nan", "infinity"])
def test_q4_k_scales_that_are_not_finite_are_refused(small_llama, tmp_path, scale):
    source = small_llama()
    content = bytearray(source.read_bytes())
    with open_model(source) as model:
        at = model.tensors["blk.1.ffn_down.weight"].offset + 5 * 144
    content[at : at + 2] = scale
    path = tmp_path / "damaged.gguf"
    path.write_bytes(content)
    with open_model(path) as model, pytest.raises(PvError, match=r"tensor blk\.1\.ffn_down"):
        Trunk(model).load()
