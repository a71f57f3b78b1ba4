"""Managed sections: what is outside the markers is never touched."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pv.errors import UsageError
from pv.report.markers import find_sections, replace_sections

PAGE = """# Title

<!-- pv:begin status -->
old
<!-- pv:end status -->

tail without newline"""


def test_only_the_body_between_the_markers_is_replaced():
    changed = replace_sections(PAGE, "page.md", lambda section: "new\n")
    assert changed == PAGE.replace("\nold\n", "\n\nnew\n\n")


def test_the_second_run_changes_nothing():
    once = replace_sections(PAGE, "page.md", lambda section: "a | b")
    assert replace_sections(once, "page.md", lambda section: "a | b") == once


def test_an_argument_and_its_place_are_found():
    text = "x\n<!-- pv:begin  spec   thing-v1 -->\n<!-- pv:end spec thing-v1 -->\n"
    (section,) = find_sections(text, "p.md")
    assert (section.name, section.argument) == ("spec", "thing-v1")
    assert str(section.span) == "p.md:2:1"


def test_markers_in_fenced_code_are_text():
    text = f"```markdown\n{PAGE}\n```\n"
    assert find_sections(text, "p.md") == []
    assert replace_sections(text, "p.md", lambda section: "x") == text


def test_windows_line_ends_stay():
    changed = replace_sections(PAGE.replace("\n", "\r\n"), "p.md", lambda section: "a\nb")
    assert "\n" not in changed.replace("\r\n", "")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("<!-- pv:begin status -->\n", "p.md:1:1: section 'status' has no end marker"),
        ("<!-- pv:end status -->\n", "p.md:1:1: end marker of 'status', expected a begin"),
        (
            "<!-- pv:begin a -->\n<!-- pv:begin b -->\n<!-- pv:end b -->\n",
            "p.md:2:1: section 'b' begins inside 'a'",
        ),
        ("<!-- pv:begin a -->\n<!-- pv:end b -->\n", "expected the end of 'a'"),
        (PAGE + "\n" + PAGE, "stands twice, first on line 3"),
    ],
)
def test_unmatched_markers_are_located_errors(text, words):
    with pytest.raises(UsageError) as caught:
        replace_sections(text, "p.md", lambda section: "")
    assert words in caught.value.explain()


@given(before=st.text(), after=st.text(), body=st.text(alphabet="ab|\n", max_size=20))
def test_any_text_around_a_section_survives(before, after, body):
    # A text of markers or fences changes what is a section; those have cases of their own.
    if any(mark in before + after for mark in ("pv:", "```", "~~~")):
        return
    before, after = before.replace("\r", ""), after.replace("\r", "")
    text = f"{before}\n<!-- pv:begin s -->\n<!-- pv:end s -->\n{after}"
    changed = replace_sections(text, "p.md", lambda section: body)
    assert changed.startswith(f"{before}\n<!-- pv:begin s -->\n")
    assert changed.endswith(f"<!-- pv:end s -->\n{after}")
