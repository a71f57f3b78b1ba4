"""Foreign text cannot act on a terminal, and its width is known."""

from __future__ import annotations

from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pv.escape import xml
from pv.output.escape import cells, escape, width


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain × ≥ Σ 漢字 é", "plain × ≥ Σ 漢字 é"),
        ("\x1b[31mred", "\\x1b[31mred"),
        ("a\nb\rc\td", "a\\x0ab\\x0dc\\x09d"),
        ("bell\x07del\x7fcsi\x9b", "bell\\x07del\\x7fcsi\\x9b"),
        ("\u202egnp.exe", "\\u202egnp.exe"),
        ("a\u2066b\u2069", "a\\u2066b\\u2069"),
        ("zero\u200bwidth\ufeff", "zero\\u200bwidth\\ufeff"),
        ("line\u2028break", "line\\u2028break"),
        ("file\udcff", "file\\udcff"),
        ("none\ufffe\uffff\ufdd0", "none\\ufffe\\uffff\\ufdd0"),
        ("tag\U000e0041", "tag\\U000e0041"),
        ("", ""),
    ],
)
def test_harmful_characters_become_their_escapes(text: str, shown: str) -> None:
    assert escape(text) == shown


@given(st.text())
def test_nothing_harmful_is_left(text: str) -> None:
    shown = escape(text)
    assert escape(shown) == shown
    shown.encode()


@given(st.text(st.characters(exclude_categories=())))
def test_any_text_is_valid_xml_and_means_what_is_shown(text: str) -> None:
    element = ET.fromstring(f'<a b="{xml(text)}">{xml(text)}</a>')
    assert (element.text or "") == escape(text)
    assert element.get("b") == escape(text)


@pytest.mark.parametrize(
    ("character", "columns"), [("a", 1), ("é", 1), ("漢", 2), ("\u0301", 0), ("Σ", 1), ("🦀", 2)]
)
def test_width_of_one_character(character: str, columns: int) -> None:
    assert width(character) == columns


def test_tabs_reach_the_next_stop() -> None:
    assert cells("a\tb\t\tc") == [("a", 1), ("   ", 3), ("b", 1), ("   ", 3), ("    ", 4), ("c", 1)]


def test_an_escape_is_as_wide_as_it_is_shown() -> None:
    assert cells("\x1b漢") == [("\\x1b", 4), ("漢", 2)]
