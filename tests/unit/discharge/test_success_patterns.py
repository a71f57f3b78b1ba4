"""Which patterns of a declared success could not fail."""

import pytest

from pv.bindings.success import matches_anything


@pytest.mark.parametrize(
    ("pattern", "anything"),
    [
        ("", True),
        (".*", True),
        ("^", True),
        ("x?", True),
        ("(all)*", True),
        ("a|", True),
        (".+", False),
        ("^all blocks read$", False),
        ("blocks: ([0-9]+)", False),
        ("(", False),
    ],
)
def test_a_pattern_that_the_empty_text_holds_cannot_fail(pattern, anything):
    assert matches_anything(pattern) is anything
