"""Text from contracts is shown as it is: it opens no markup, no table's cell and no marker."""

import posixpath
import re
from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from pv.escape import escape
from pv.report.markdown import Safe, block, code, href, inline, line

PARSER = MarkdownIt("commonmark").enable(["table", "strikethrough"])
HOSTILE = [
    "<script>alert(1)</script>",
    "a | b",
    "`code`",
    "<!-- pv:end status -->",
    "[link](javascript:alert(1))",
    "![image](x)",
    "<https://example.org>",
    "# heading",
    "*strong*",
    "~~gone~~",
    "line\nbreak",
    "a\u202eb",
    "\x1b[2J",
    "costs $5 or $6, $$x$$",
    "@alice and x@example.org and a`@b`",
    "&lt;b&gt; &copy; &#64;",
    "back\\| slash\\",
    "- a",
    "+ a",
    "12. a",
    "3) a",
    "===",
    "---",
    "* * *",
    "_ _ _",
    "> quote",
    "    code",
    "~~~",
    "```",
    "[a]: /url",
    "| a |\n| - |",
    "a | b\n:--",
    "a\n:-:",
    "a  \nb",
]
SIGNS = r"""ab 12\`*_{}[]()#+-.!|<>&;:~=$@/"'^""" + "\t\n"
TEXTS = st.sampled_from(HOSTILE) | st.text(SIGNS) | st.text()
OPENED = frozenset({"text", "softbreak", "code_inline"})


def spoken(markdown):
    """Return the text that a parser shows, and the kinds of what it opens beside text."""
    inlines = [each for each in PARSER.parse(markdown) if each.type == "inline"]
    parts = [part for each in inlines for part in each.children]
    shown = "".join("\n" if each.type == "softbreak" else each.content for each in parts)
    return shown, {each.type for each in parts} - OPENED


def plain(text):
    """Return a text as one line of it should be read."""
    return re.sub(r"\s+", " ", escape(text, keep="\n\t").strip("\r\n")).strip()


@pytest.mark.parametrize("text", HOSTILE)
def test_a_hostile_text_stays_text(text):
    html = PARSER.render(f"| h |\n| --- |\n| {inline(text)} |")
    assert html.count("<td>") == 1
    for opened in ("<script", "<!--", "<a ", "<img", "<em>", "<strong>", "<h1", "<s>"):
        assert opened not in html
    assert "\x1b" not in html
    assert "\u202e" not in html


@given(TEXTS)
def test_a_cell_shows_any_text_as_it_is(text):
    tokens = PARSER.parse(f"| h | i |\n| --- | --- |\n| {inline(text)} | {line(text)} |\n")
    cells = [each for each in tokens if each.type == "inline"]
    assert [each.type for each in tokens].count("td_open") == 2
    for cell in cells[2:]:
        assert "".join(each.content for each in cell.children) == plain(text)
        assert {each.type for each in cell.children} <= OPENED


@given(TEXTS)
def test_a_line_shows_any_text_as_it_is(text):
    kinds = [each.type for each in PARSER.parse(line(text))]
    assert kinds in ([], ["paragraph_open", "inline", "paragraph_close"])
    assert spoken(line(text)) == (plain(text), set())


@given(TEXTS)
def test_a_block_is_paragraphs_and_nothing_else(text):
    kinds = {each.type for each in PARSER.parse(block(text))}
    assert kinds <= {"paragraph_open", "inline", "paragraph_close"}
    shown, opened = spoken(block(text))
    assert not opened
    lines = (plain(each) for each in text.strip().splitlines())
    assert shown.replace("\n", "") == "".join(lines)


@given(TEXTS)
def test_code_shows_any_text_as_it_is_in_a_line_and_in_a_cell(text):
    for page in (f"x {code(text)}", f"| h |\n| --- |\n| x {code(text)} |\n"):
        parts = [each for each in PARSER.parse(page) if each.type == "inline"][-1].children
        shown = "".join(each.content for each in parts if each.type != "html_inline")
        assert shown.removeprefix("x").strip() == plain(text).strip()
        tags = [each.content for each in parts if each.type == "html_inline"]
        assert tags in ([], ["<code>", "</code>"])
        assert {each.type for each in parts} <= {"text", "code_inline", "html_inline"}


@given(TEXTS)
def test_no_text_notifies_anybody_or_opens_mathematics_or_a_marker(text):
    shown = inline(text)
    assert "\n" not in shown
    assert not re.search(r"<(?!=?\s)", shown)
    outside = re.sub(r"\\[\\`]|`[^`]*`", " ", shown)
    assert not re.search(r"(?<!\w)@\w", outside)
    assert not re.search(r"(?<!\\)(?:\\\\)*\$", shown)


def test_what_we_wrote_ourselves_passes_unchanged():
    assert inline(Safe("`a|b`")) == "`a|b`"


def test_code_holds_what_backticks_cannot():
    assert code("rm -r x_*") == "`rm -r x_*`"
    assert code("rm `x`|y") == "<code>rm \\`x\\`&#124;y</code>"


def test_lines_of_a_block_do_not_become_lists():
    assert block("- a\n1. b\n\nc") == "\\- a\n1\\. b\n\nc"


def test_ids_and_addresses_are_left_alone():
    text = "PV_MTH_001 asks x@example.org: 1 <= 2 < 3 > 2 & more at https://example.org/a_b"
    assert inline(text) == text


@given(*[st.text("ab/.é ", max_size=12)] * 2)
def test_an_address_is_the_way_from_the_page(folder, path):
    there, here = (posixpath.normpath(posixpath.join("/r/s", each)) for each in (path, folder))
    assert unquote(href("/r/s", folder, path)) == posixpath.relpath(there, here)
