"""The source line with carets under the very place, whatever stands in it."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from pv.marks import Mark, Span
from pv.output.escape import width
from pv.output.excerpt import excerpt


def _span(line: int, first: int, last: int, last_line: int | None = None) -> Span:
    return Span("f", Mark(line, first), Mark(last_line or line, last))


_LONG = "key: " + "x" * 40 + "HERE" + "y" * 60
CASES = (
    ("one word", "a: bad\n", _span(1, 4, 7), "    1 | a: bad", "      |    ^^^"),
    ("a point", "a: bad\n", _span(1, 4, 4), "    1 | a: bad", "      |    ^"),
    ("second line", "a: 1\nb: bad\n", _span(2, 1, 2), "    2 | b: bad", "      | ^"),
    ("after a tab", "a:\tbad\n", _span(1, 4, 7), "    1 | a:  bad", "      |     ^^^"),
    ("after wide text", "漢字: bad\n", _span(1, 5, 8), "    1 | 漢字: bad", "      |       ^^^"),
    ("under wide text", "a: 漢字\n", _span(1, 4, 6), "    1 | a: 漢字", "      |    ^^^^"),
    (
        "after a combining mark",
        "e\u0301: bad\n",
        _span(1, 5, 8),
        "    1 | e\u0301: bad",
        "      |    ^^^",
    ),
    ("after an escape", "\x1b: bad\n", _span(1, 4, 7), "    1 | \\x1b: bad", "      |       ^^^"),
    (
        "over several lines",
        "a: [1,\n 2]  \n",
        _span(1, 4, 4, 2),
        "    1 | a: [1,",
        "      |    ^^^",
    ),
    ("at the end of a line", "ab\n", _span(1, 3, 3), "    1 | ab", "      |   ^"),
    ("beyond the line", "ab\n", _span(1, 9, 12), "    1 | ab", "      |   ^"),
    ("CRLF", "a: 1\r\nb: bad\r\n", _span(2, 4, 7), "    2 | b: bad", "      |    ^^^"),
    (
        "long line, place near the start",
        _LONG,
        _span(1, 1, 4),
        "    1 | key: xxxxxxxxxxxxxxxxxxxxxxxxxxx…",
        "      | ^^^",
    ),
    (
        "long line, place inside",
        _LONG,
        _span(1, 46, 50),
        "    1 | …xxxxxxxxxxxxxxxxHEREyyyyyyyyyyy…",
        "      |                  ^^^^",
    ),
    (
        "long line, place at the end",
        _LONG,
        _span(1, 109, 110),
        "    1 | …yyyyyyyyyyyyyyyyy",
        "      |                  ^",
    ),
    (
        "a place wider than the screen",
        _LONG,
        _span(1, 6, 110),
        "    1 | key: xxxxxxxxxxxxxxxxxxxxxxxxxxx…",
        "      |      ^^^^^^^^^^^^^^^^^^^^^^^^^^^",
    ),
)


@pytest.mark.parametrize(
    ("text", "span", "line", "carets"), [one[1:] for one in CASES], ids=[one[0] for one in CASES]
)
def test_line_and_carets(text: str, span: Span, line: str, carets: str) -> None:
    assert excerpt(text, span, 41) == (line, carets)


@pytest.mark.parametrize("text", ["", "a\n", "a\n   \nb"])
def test_no_excerpt_where_the_line_is_absent_or_blank(text: str) -> None:
    assert excerpt(text, _span(2, 1, 2)) is None


@example("0000000\x1f\u0cd7\u0e5c", 11, 0, 23)
@given(
    st.text(st.characters(exclude_characters="\n\r", exclude_categories=["Cs"]), min_size=1),
    st.integers(1, 90),
    st.integers(0, 30),
    st.integers(20, 100),
)
def test_never_wider_than_the_screen(text: str, column: int, length: int, room: int) -> None:
    shown = excerpt(text, _span(1, column, column + length), room)
    if shown is None:
        assert not text.strip()
        return
    line, carets = shown
    assert sum(width(one) for one in line) <= room
    assert len(carets) <= room
    assert carets.rstrip("^").startswith("      | ")
    assert carets.endswith("^")
