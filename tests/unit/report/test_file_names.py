"""Files that stand for names: readable, and never one file for two things."""

import re

from hypothesis import given
from hypothesis import strategies as st

from pv.report.file_names import file_names

NAMES = st.text(max_size=8) | st.sampled_from(["a", "A", "a-2", "-a", "a 2 2", "漢", ""])


@given(st.lists(NAMES))
def test_no_two_things_share_a_file(things):
    names = file_names(things, "thing")
    assert len({each.casefold() for each in names}) == len(things)
    assert all(re.fullmatch(r"[a-z0-9][a-z0-9-]*", each) for each in names)


def test_names_of_any_length_are_names_of_files():
    names = file_names(["x" * 1000, "x" * 1001], "thing")
    assert len(set(names)) == 2
    assert max(map(len, names)) < 200


def test_a_name_of_its_own_stays_as_it_is():
    assert file_names(["MODEL-1", "F 1 on m: L2 drift"], "x") == ["model-1", "f-1-on-m-l2-drift"]
