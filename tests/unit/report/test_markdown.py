"""Text from contracts cannot open markup, a table cell or a marker."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from pv.report.markdown import Safe, block, code, inline

HOSTILE = [
    "<script>alert(1)</script>",
    "a | b",
    "`code`",
    "<!-- pv:end status -->",
    "[link](javascript:alert(1))",
    "![image](x)",
    "# heading",
    "*strong*",
    "line\nbreak",
    "a\u202eb",
    "\x1b[2J",
]


@pytest.mark.parametrize("text", HOSTILE)
def test_a_hostile_text_stays_text(text):
    html = MarkdownIt("commonmark").enable("table").render(f"| h |\n| --- |\n| {inline(text)} |")
    assert html.count("<td>") == 1
    for opened in ("<script", "<!--", "<a ", "<img", "<em>", "<strong>", "<h1", "<code>"):
        assert opened not in html
    assert "\x1b" not in html
    assert "\u202e" not in html


def test_what_we_wrote_ourselves_passes_unchanged():
    assert inline(Safe("`a|b`")) == "`a|b`"


def test_a_code_span_cannot_be_closed_from_inside():
    assert code("rm `x`|y") == "`rm x\\|y`"


def test_lines_of_a_block_do_not_become_lists():
    assert block("- a\n1. b\n\nc") == "\\- a\n1\\. b\n\nc"


@given(st.text())
def test_no_text_opens_a_cell_or_a_marker(text):
    shown = inline(text)
    assert "\n" not in shown
    assert "<" not in shown
    assert shown.replace("\\\\", "").replace("\\|", "").count("|") == 0
