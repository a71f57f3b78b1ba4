"""Token ids beside those of llama.cpp: equal on every line, whatever the vocabulary."""

import json
import os
import sys
from importlib.metadata import version

import pytest

from pv.tensors.gguf_header import open_model
from pv.tokens import tokenizer_of
from tests.parity.llama_cpp_side import Rival
from tests.parity.token_goldens import (
    GOLDENS,
    NAMES,
    digests,
    ids_of,
    text_digest,
    texts_of,
    vocabulary,
)
from tests.parity.varied_text import LINES


@pytest.mark.parametrize("name", NAMES)
def test_ids_are_those_of_llama_cpp(tmp_path, real_model, name):
    path = vocabulary(name, tmp_path, real_model)
    rival = Rival(path, vocabulary_only=True)
    with open_model(path) as model:
        ours = tokenizer_of(model)

    def theirs(text: str, specials: bool, whole: bool) -> list[int]:
        return rival.encode(text, specials=specials, whole=whole)

    def mine(text: str, specials: bool, whole: bool) -> list[int]:
        return ours.encode(text, specials=specials, begin=None if whole else False)

    texts = texts_of(name)
    different = [text for text in texts if ids_of(theirs, text) != ids_of(mine, text)]
    equal = len(texts) - len(different)
    sys.stdout.write(f"\n{name}: {equal} of {len(texts)} lines tokenised as llama.cpp does\n")
    found = digests(theirs, texts)
    rival.close()
    assert not different, [ascii(text) for text in different[:5]]
    assert len(texts) == (LINES if name in NAMES[:4] else LINES // 10)
    if os.environ.get("REWRITE_GOLDEN"):
        rewrite(name, found)
    golden = json.loads(GOLDENS.read_text("utf-8"))
    assert golden["text"] == text_digest()
    assert golden["vocabularies"][name] == found


def rewrite(name: str, found: list[str]) -> None:
    """Put what llama.cpp gives into the goldens."""
    golden = json.loads(GOLDENS.read_text("utf-8")) if GOLDENS.exists() else {"vocabularies": {}}
    golden["llama-cpp-python"] = version("llama-cpp-python")
    golden["text"] = text_digest()
    golden["vocabularies"] = dict(sorted({**golden["vocabularies"], name: found}.items()))
    GOLDENS.write_text(json.dumps(golden, indent=1) + "\n", "utf-8")
