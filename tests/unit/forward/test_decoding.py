"""Decoding with kept keys and values: the bits of the whole-sentence pass, and its refusals."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pv.errors import BadInputError, UsageError
from pv.forward import transformer
from pv.forward.decoding import Decoder, greedy
from pv.forward.engine import ENGINES, production, reference, replaced
from pv.forward.trunk import Trunk
from pv.tensors.gguf_header import open_model
from tests.unit.forward.random_model import Recipe, write_model

IDS = [3, 1, 4, 1, 59, 26, 5, 35, 89, 79, 3, 23]
TYPES = {"ffn_down": "Q4_K", "attn_v": "Q6_K", "output": "Q8_0", "*": "Q4_1"}


@pytest.fixture(scope="module", params=["llama", "qwen2"])
def model(request, tmp_path_factory):
    path = tmp_path_factory.mktemp("decoding") / f"{request.param}.gguf"
    recipe = Recipe(request.param, types=TYPES, gain=0.5)
    with open_model(write_model(path, recipe)) as found:
        yield found


def whole(trunk, engine, ids):
    return transformer.logits(trunk, transformer.run(trunk, [ids], engine).residual[-1], engine)


def test_decoding_with_production_has_the_bits_of_the_whole_sentence(model):
    trunk = Trunk(model)
    engine = production(trunk)
    decoder, expected = Decoder(trunk, engine), whole(trunk, engine, IDS)
    for at, token in enumerate(IDS):
        np.testing.assert_array_equal(decoder.feed([token]), expected[at])
    assert decoder.position == len(IDS)


def test_decoding_with_the_reference_is_the_whole_sentence_but_for_rounding(model):
    trunk = Trunk(model, keep=True)
    engine = reference(trunk)
    decoder, expected = Decoder(trunk, engine), whole(trunk, engine, IDS)
    for at, token in enumerate(IDS):
        apart = np.abs(decoder.feed([token]) - expected[at]).max()
        assert apart <= 2e-5 * np.abs(expected).max()


@settings(max_examples=10, deadline=None)
@given(cuts=st.sets(st.integers(1, 99), max_size=4))
def test_it_does_not_matter_in_what_pieces_tokens_are_fed(model, cuts):
    """100 tokens: more than the first room of the cache."""
    ids = np.random.default_rng(5).integers(0, 300, 100).tolist()
    trunk = Trunk(model, layers=None)
    engine = production(trunk)
    decoder = Decoder(trunk, engine)
    edges = [0, *sorted(cuts), 100]
    for first, last in pairwise(edges):
        found = decoder.feed(ids[first:last])
    np.testing.assert_array_equal(found, Decoder(trunk, engine).feed(ids))


@pytest.mark.parametrize("name", ENGINES)
def test_greedy_takes_the_most_likely_token_each_time(model, name):
    trunk = Trunk(model, keep=True)
    engine, ids, expected = ENGINES[name](trunk), list(IDS), []
    for _ in range(5):
        expected.append(transformer.next_token(trunk, ids, engine))
        ids.append(expected[-1])
    assert greedy(Decoder(trunk, engine), IDS, 5) == expected


def test_an_error_leaves_the_decoder_where_it_was(model):
    trunk = Trunk(model)
    engine, broken = production(trunk), []

    def down(layer, inner):
        sound = engine.product(f"blk.{layer}.ffn_down.weight", inner)
        return sound * np.float32(np.nan) if broken and layer else sound

    decoder = Decoder(trunk, replaced(engine, "ffn_down", down))
    decoder.feed(IDS[:4])
    broken.append(True)
    with pytest.raises(BadInputError, match="is not finite"):
        decoder.feed(IDS[4:])
    broken.clear()
    assert decoder.position == 4
    expected = Decoder(trunk, engine).feed(IDS)
    np.testing.assert_array_equal(decoder.feed(IDS[4:]), expected)


@pytest.mark.parametrize("ids", [[], [-1], [320]])
def test_tokens_that_cannot_be_fed_are_refused(model, ids):
    decoder = Decoder(Trunk(model), production(Trunk(model)))
    with pytest.raises(UsageError):
        decoder.feed(ids)
    assert decoder.position == 0


def test_decoding_needs_all_layers(model):
    trunk = Trunk(model, layers=1)
    with pytest.raises(UsageError, match="decoding needs all 2 layers, this trunk has 1"):
        Decoder(trunk, production(trunk))
