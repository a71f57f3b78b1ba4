"""Damaged models under the forward pass: finite numbers or a refusal, and nothing else."""

import random
import struct

import numpy as np
import pytest

from pv.errors import PvError
from pv.forward import transformer
from pv.forward.paths import engine_of, path_a, path_b
from pv.forward.trunk import Trunk
from pv.tensors.gguf_header import open_model


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
