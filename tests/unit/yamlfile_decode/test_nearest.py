"""The known word that an unknown one probably stands for."""

import difflib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pv.yamlfile.shapes import NEAR, nearest

KNOWN = ("falsifiers", "if_fails", "proof_obligations", "op", "id", "depends_on", "ΑΒΓ", "ß")


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("Proof Obligations", "proof_obligations"),
        ("--proof..obligations__", "proof_obligations"),
        ("if_fail", "if_fails"),
        ("depend_son", "depends_on"),
        ("falsifications", None),
        ("falsifier_list", "falsifiers"),
        ("falsifier_tables", None),
        ("proof_obligation_list", "proof_obligations"),
        ("po", "op"),
        ("di", "id"),
        ("ip", None),
        ("αβγ", "ΑΒΓ"),
        ("SS", "ß"),
        ("", None),
        ("-", None),
    ],
)
def test_the_nearest_word(word, expected):
    assert nearest(word, KNOWN) == expected


words = st.text(st.sampled_from("abcdeA_- .ßé"), max_size=12)


@given(words, st.lists(words, max_size=8))
def test_no_near_word_is_passed_over(word, known):
    """What is left out before difflib looks is nothing that difflib would find near enough."""
    found = nearest(word, tuple(known))
    best = max((difflib.SequenceMatcher(a=each, b=word).ratio() for each in known), default=0.0)
    if found is None:
        assert word not in known
        folded = [each.casefold() for each in known if not set("_- .") & set(each)]
        if not set("_- .") & set(word):
            close = difflib.get_close_matches(word.casefold(), folded, n=1, cutoff=NEAR)
            assert not close
    else:
        assert found in known
        assert best < 1 or word in known
