"""Greedy continuations of the real model beside those that llama.cpp gave."""

import json

from tests.parity.continuations import (
    GOLDENS,
    LEAST_EQUAL,
    NEAR_TIE,
    PROMPTS,
    TOKENS,
    golden,
    ours,
    parting,
)

QUICK = (0, 1, 7, 13, 24, 28)
"""Prompts compared here; `make parity` compares all of them with llama.cpp itself."""


def test_what_is_on_record_is_within_the_limit():
    found = json.loads(GOLDENS.read_text("utf-8"))
    assert len(found["continuations"]) == len(PROMPTS) == 32
    assert all(len(one.ids) == len(one.leads) == TOKENS for one in golden())
    assert found["equal"] >= LEAST_EQUAL


def test_continuations_are_those_that_llama_cpp_gave(real_model):
    recorded = golden()
    found = ours(real_model, tuple(PROMPTS[at] for at in QUICK))
    equal = 0
    for at, mine in zip(QUICK, found, strict=True):
        where = parting(mine, recorded[at])
        equal += where is None
        assert where is None or recorded[at].leads[where] < NEAR_TIE, PROMPTS[at]
    assert equal >= len(QUICK) - 1
