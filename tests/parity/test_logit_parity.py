"""Logits beside those of llama.cpp: small random models of each architecture and weight type."""

import os
import sys

import pytest

from tests.parity.llama_cpp_side import Rival
from tests.parity.logit_goldens import LIMIT, digest, golden, near_ties, our_logits, put
from tests.parity.model_cases import CASES, Agreement, agreement, prompt_of
from tests.unit.forward.random_model import write_model


def theirs(path, ids, **how):
    rival = Rival(path, **how)
    found = rival.logits(ids)
    rival.close()
    return found


@pytest.mark.parametrize("case", CASES)
def test_logits_are_those_of_llama_cpp(tmp_path, case):
    path = write_model(tmp_path / "model.gguf", CASES[case])
    ids = prompt_of(CASES[case])
    together = theirs(path, ids)
    alone = theirs(path, ids, batch=1)
    itself = agreement(alone, together)
    ours = our_logits(path, ids)
    found, single = agreement(ours, together), agreement(ours, alone)
    reference = agreement(our_logits(path, ids, "reference"), together)
    ties = near_ties(together)
    sys.stdout.write(f"\n{case}\n  ours, llama.cpp as it comes: {said(found)}\n")
    sys.stdout.write(f"  ours, llama.cpp token by token: {said(single)}\n")
    sys.stdout.write(f"  llama.cpp with itself: {said(itself)}\n")
    assert found.cosine >= LIMIT
    different = [at for at in range(len(ids)) if ours[at].argmax() != together[at].argmax()]
    assert set(different) <= set(ties), f"another likeliest token, and no tie: {different}"
    if not case.split()[1].startswith("F"):
        # The first tokens come before any rounding that went the other way: only the engine
        # that quantises as llama.cpp does has its bits there.
        assert reference.as_rounded == 0 < found.as_rounded
    if os.environ.get("REWRITE_GOLDEN"):
        entry = {
            "model": digest(path),
            "top": [int(one) for one in together.argmax(axis=1)],
            "near_ties": ties,
            "last": [float(f"{one:.6g}") for one in together[-1]],
            "ours": found._asdict(),
            "reference": reference._asdict(),
            "ours one by one": single._asdict(),
            "llama.cpp with itself": itself._asdict(),
        }
        put(case, entry)
    assert golden()[case]["model"] == digest(path)
    moved = {at for at, one in enumerate(golden()[case]["top"]) if one != together[at].argmax()}
    assert moved <= set(ties), "another build of llama.cpp, or another model"


def said(found: Agreement) -> str:
    return (
        f"1 - cosine {1 - found.cosine:.1e}, worst difference {found.difference:.1e},"
        f" top {found.same_top}/{found.tokens}, as rounded {found.as_rounded}"
    )
