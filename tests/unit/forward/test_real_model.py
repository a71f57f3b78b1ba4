"""The installed SmolLM2-135M and the teacher made of it: what they are, and that they speak."""

import hashlib

import numpy as np
import pytest

from pv.falsifiers.ffn_gguf.sentences import CAPITAL_OF_FRANCE, SENTENCES, sentences_for
from pv.forward import transformer
from pv.forward.engine import reference
from pv.forward.teacher import derive
from pv.forward.trunk import Trunk
from pv.tensors.gguf_header import open_model
from tests.unit.forward.oracle import oracle_logits

pytestmark = pytest.mark.model

PARIS = 7042


@pytest.fixture(scope="module")
def teacher():
    return derive("smollm2-135m-ffn-q4k")


def test_the_source_continues_with_paris(real_model):
    with open_model(real_model) as model:
        trunk = Trunk(model)
        found = transformer.next_token(trunk, CAPITAL_OF_FRANCE.ids, reference(trunk))
        assert found == PARIS
        assert model.metadata["tokenizer.ggml.tokens"].strings()[found] == "ĠParis"


def test_the_teacher_continues_with_paris(teacher):
    with open_model(teacher.path) as model:
        trunk = Trunk(model)
        assert transformer.next_token(trunk, CAPITAL_OF_FRANCE.ids, reference(trunk)) == PARIS


def test_the_teacher_is_the_recorded_one(teacher):
    assert hashlib.sha256(teacher.path.read_bytes()).hexdigest() == teacher.sha256
    assert teacher.size == 96_703_744


def test_logits_are_those_of_the_independent_pass(real_model):
    ids = CAPITAL_OF_FRANCE.ids[:3]  # the independent pass takes its time
    with open_model(real_model) as model:
        trunk = Trunk(model)
        engine = reference(trunk)
        stream = transformer.run(trunk, [ids], engine).residual[-1]
        ours = transformer.logits(trunk, stream, engine)
    theirs = oracle_logits(real_model, list(ids))
    # float32 rounding through 30 layers
    assert np.abs(ours - theirs).max() <= 1e-3 * np.abs(theirs).max()
    np.testing.assert_array_equal(ours.argmax(axis=1), theirs.argmax(axis=1))


def test_the_sentences_are_written_with_these_tokens(real_model):
    """Joined, the tokens are the text: byte-level BPE writes a space as Ġ and ASCII as itself."""
    with open_model(real_model) as model:
        tokens = model.metadata["tokenizer.ggml.tokens"].strings()
        assert sentences_for(model) is SENTENCES
    for one in SENTENCES:
        assert "".join(tokens[i] for i in one.ids).replace("Ġ", " ") == one.text
