"""Digests of texts."""

import pytest

from pv.tables import digest_of


@pytest.mark.parametrize(
    ("some", "others"),
    [
        (("a", "bc"), ("ab", "c")),
        (("abc",), ("abc", "")),
        (("1", "2"), ("12",)),
        (("1:2",), ("1", "2")),
        (("", "a"), ("a", "")),
        ((), ("",)),
        (("\ud800",), ("\ud801",)),
        (("a",) * 1000, ("a",) * 1001),
        ((*("a",) * 600, "bc", "d"), (*("a",) * 600, "b", "cd")),
    ],
)
def test_other_texts_have_another_digest(some, others):
    assert digest_of(*some) != digest_of(*others)
    assert digest_of(*some) == digest_of(*some)
