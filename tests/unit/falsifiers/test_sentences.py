"""The fixed sentences: enough of them, varied, and refused on a foreign vocabulary."""

import gguf
import numpy as np
import pytest

from pv.errors import BadInputError
from pv.falsifiers.ffn_gguf.sentences import CAPITAL_OF_FRANCE, SENTENCES, sentences_for
from pv.tensors.gguf_header import open_model


def test_there_are_enough_and_they_differ():
    assert len(SENTENCES) >= 12
    assert SENTENCES[0] is CAPITAL_OF_FRANCE
    assert len({one.text for one in SENTENCES}) == len(SENTENCES)
    assert len({one.ids[1] for one in SENTENCES}) > len(SENTENCES) // 2
    assert all(8 <= len(one.ids) <= 16 for one in SENTENCES[1:])
    assert all(0 <= i < 49_152 for one in SENTENCES for i in one.ids)


@pytest.mark.parametrize("tokens", [None, ["a", "b"]])
def test_a_foreign_vocabulary_is_refused(tmp_path, tokens):
    writer = gguf.GGUFWriter(tmp_path / "m.gguf", "llama")
    if tokens:
        writer.add_token_list(tokens)
    writer.add_tensor("a", np.zeros(32, np.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    refusal = pytest.raises(BadInputError, match="vocabulary: expected sha256")
    with open_model(tmp_path / "m.gguf") as model, refusal:
        sentences_for(model)
