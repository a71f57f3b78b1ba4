"""The production engine beside the logits that llama.cpp gave for small random models."""

import numpy as np
import pytest

from pv.forward.engine import ENGINES, replaced
from pv.forward.trunk import Trunk
from pv.tensors.gguf_header import open_model
from tests.parity.logit_goldens import LIMIT, digest, golden, logits_of, our_logits
from tests.parity.model_cases import CASES, prompt_of
from tests.unit.forward.random_model import write_model


def cosine(ours, theirs) -> float:
    a, b = np.asarray(ours, np.float64), np.asarray(theirs, np.float64)
    return float(a @ b / np.sqrt((a @ a) * (b @ b)))


@pytest.mark.parametrize("case", CASES)
def test_logits_are_those_that_llama_cpp_gave(tmp_path, case):
    expected = golden()[case]
    path = write_model(tmp_path / "model.gguf", CASES[case])
    assert digest(path) == expected["model"], "another model: REWRITE_GOLDEN=1 make parity"
    ours = our_logits(path, prompt_of(CASES[case]))
    assert cosine(ours[-1], expected["last"]) >= LIMIT
    top = ours.argmax(axis=1).tolist()
    different = [at for at, one in enumerate(top) if one != expected["top"][at]]
    assert set(different) <= set(expected["near_ties"])


def test_every_figure_on_record_is_within_the_limit():
    assert set(golden()) == set(CASES)
    for case, expected in golden().items():
        ours = expected["ours"]
        assert ours["cosine"] >= LIMIT, case
        assert ours["tokens"] - ours["same_top"] <= len(expected["near_ties"])
        if not case.split()[1].startswith("F"):
            assert expected["reference"]["as_rounded"] == 0 < ours["as_rounded"], case


@pytest.mark.parametrize("stem", ["attn_v", "attn_output", "ffn_down"])
def test_a_product_that_is_a_twentieth_too_large_breaks_the_limit(tmp_path, stem):
    case = "llama Q4_K"
    with open_model(write_model(tmp_path / "model.gguf", CASES[case])) as model:
        trunk = Trunk(model)
        engine = ENGINES["production"](trunk)

        def larger(layer: int, values: np.ndarray) -> np.ndarray:
            found = engine.product(f"blk.{layer}.{stem}.weight", values)
            return found * np.float32(1.05)

        ours = logits_of(trunk, prompt_of(CASES[case]), replaced(engine, stem, larger))
    assert cosine(ours[-1], golden()[case]["last"]) < LIMIT
