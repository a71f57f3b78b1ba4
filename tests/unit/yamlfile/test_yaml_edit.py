"""Edits by span: the wanted data, and not one other byte."""

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ruamel.yaml import YAML

from pv.marks import Mark
from pv.yamlfile.edit import (
    EditError,
    append_lines,
    insert_into_sequence,
    insert_pair,
    remove_pair,
    replace_scalar,
)
from pv.yamlfile.nodes import (
    Mapping,
    Node,
    Path,
    Plain,
    Scalar,
    ScalarValue,
    Sequence,
    find,
    to_plain,
)
from pv.yamlfile.read import Document, read_text

TEXT = """\
# Softmax, ±
metadata:
  version: "1.0.0"   # the version
  status: DRAFT
  empty:
  author: 'é''s'
  description: |
    two
    lines

# the list
tests:
  - a   # first
  - id: x
    expect: [ {metric: é, value: 1e-5}, "q" ]
    text: >-
      folded
      text
  # end
none: []
map: {}
last: 1
"""


def document_of(text: str | bytes) -> Document:
    document = read_text(text, "f")
    assert document.problems == ()
    return document


def with_changes(*changes: tuple[str, str]) -> str:
    text = TEXT
    for old, new in changes:
        assert text.count(old) == 1
        text = text.replace(old, new)
    return text


REPLACEMENTS: list[tuple[Path, ScalarValue, str, str]] = [
    # path, new value, old piece, new piece
    (("metadata", "version"), "2.0.0", '"1.0.0"', '"2.0.0"'),
    (("metadata", "version"), 2, '"1.0.0"', "2"),
    (("metadata", "status"), "ACTIVE", "DRAFT", "ACTIVE"),
    (("metadata", "status"), "no", "DRAFT", '"no"'),
    (("metadata", "status"), "1e-5", "DRAFT", "'1e-5'"),
    (("metadata", "status"), "2026-03-01", "DRAFT", '"2026-03-01"'),
    (("metadata", "status"), "1:30", "DRAFT", '"1:30"'),
    (("metadata", "status"), "a: b # c", "DRAFT", "'a: b # c'"),
    (("metadata", "status"), "|x| ≤ 1", "DRAFT", "'|x| ≤ 1'"),
    (("metadata", "status"), "", "DRAFT", '""'),
    (("metadata", "status"), None, "DRAFT", "null"),
    (("metadata", "status"), True, "DRAFT", "true"),
    (("metadata", "status"), 1e-7, "DRAFT", "1.0e-07"),
    (("metadata", "status"), -0.5, "DRAFT", "-0.5"),
    (("metadata", "status"), float("-inf"), "DRAFT", "-.inf"),
    (("metadata", "status"), float("nan"), "DRAFT", ".nan"),
    (("metadata", "status"), "a\nb\n", "DRAFT", "|\n    a\n    b"),
    (("metadata", "status"), "\x85\u2028", "DRAFT", '"\\N\\L"'),
    (("metadata", "empty"), "x", "empty:", "empty: x"),
    (("metadata", "empty"), None, "empty:", "empty: null"),
    (("metadata", "author"), "it's", "'é''s'", "'it''s'"),
    (("metadata", "version"), "a\nb", '"1.0.0"', '"a\\nb"'),
    (("metadata", "description"), "one", "|\n    two\n    lines", "one"),
    (("metadata", "description"), "x\n\ny\n", "two\n    lines", "x\n\n    y"),
    (("metadata", "description"), "x\n\n", "|\n    two\n    lines", '"x\\n\\n"'),
    (("tests", 0), "b", "- a ", "- b "),
    (("tests", 0), "a\nb", "- a ", '- "a\\nb" '),
    (("tests", 1, "expect", 0, "value"), 1e-3, "1e-5", "0.001"),
    (("tests", 1, "expect", 0, "metric"), "a, b", "é,", "'a, b',"),
    (("tests", 1, "expect", 0, "metric"), "?x", "é,", '"?x",'),
    (("tests", 1, "expect", 0, "metric"), "0:?", "é,", '"0:?",'),
    (("tests", 1, "expect", 1), "a\nb", '"q"', '"a\\nb"'),
    (("tests", 1, "text"), "p\nq", ">-\n      folded\n      text", "|-\n      p\n      q"),
    (("last",), 2, "last: 1", "last: 2"),
]


@pytest.mark.parametrize("dress", [("", "\n"), ("\ufeff", "\r\n")], ids=["LF", "BOM, CRLF"])
@pytest.mark.parametrize(("path", "value", "old", "new"), REPLACEMENTS)
def test_scalar_is_replaced_where_it_stands(
    dress: tuple[str, str], path: Path, value: ScalarValue, old: str, new: str
) -> None:
    bom, newline = dress
    before = bom + TEXT.replace("\n", newline)
    after = replace_scalar(document_of(before), path, value)
    assert after == bom + with_changes((old, new)).replace("\n", newline)


ITEM: Plain = {"id": "n", "expect": [{"op": "<=", "value": None}], "text": "p\nq\n", "flags": []}
ITEM_LINES = """\
  - id: n
    expect:
      - op: <=
        value: null
    text: |
      p
      q
    flags: []
"""

ITEMS: list[tuple[Path, int, Plain, str, str]] = [
    # path, index, value, the text before the insertion, the insertion
    (("tests",), 0, ITEM, "tests:\n", ITEM_LINES),
    (("tests",), 1, ITEM, "# first\n", ITEM_LINES),
    (("tests",), 2, ITEM, "      text\n", ITEM_LINES),
    (("tests",), 1, "no", "# first\n", '  - "no"\n'),
    (("tests",), 1, {}, "# first\n", "  - {}\n"),
    (("tests", 1, "expect"), 0, 1, "expect: [ ", "1, "),
    (("tests", 1, "expect"), 1, "a, b", "1e-5}", ", 'a, b'"),
    (("tests", 1, "expect"), 2, {"a": "x\ny", "b": [1]}, '"q"', ', {a: "x\\ny", b: [1]}'),
    (("none",), 0, "x", "none: [", "x"),
]


@pytest.mark.parametrize(("path", "index", "value", "before", "inserted"), ITEMS)
def test_item_is_inserted(path: Path, index: int, value: Plain, before: str, inserted: str) -> None:
    after = insert_into_sequence(document_of(TEXT), path, index, value)
    assert after == with_changes((before, before + inserted))
    assert YAML(typ="safe", pure=True).load(after) == to_plain_of(after)


PAIRS: list[tuple[Path, str, Plain, int | None, str, str]] = [
    # path, key, value, index, the text before the insertion, the insertion
    ((), "new", 1, None, "last: 1\n", "new: 1\n"),
    ((), "new", 1, 0, "# Softmax, ±\n", "new: 1\n"),
    (("metadata",), "k", ["x"], 1, "# the version\n", "  k:\n    - x\n"),
    (("metadata",), "k", "v", 3, "empty:\n", "  k: v\n"),
    (("metadata",), "a key: #", None, None, "    lines\n", "  'a key: #': null\n"),
    (("metadata",), "no", "a\nb", None, "    lines\n", '  "no": |-\n    a\n    b\n'),
    (("tests", 1), "k", "v", 0, "# first\n  - ", "k: v\n    "),
    (("tests", 1), "k", "v", 1, "id: x\n", "    k: v\n"),
    (("tests", 1, "expect", 0), "k", "v", 0, "[ {", "k: v, "),
    (("tests", 1, "expect", 0), "k", {"a": []}, None, "1e-5", ", k: {a: []}"),
    (("map",), "k", "v", None, "map: {", "k: v"),
]


@pytest.mark.parametrize("row", PAIRS, ids=[f"{row[0]} {row[3]}" for row in PAIRS])
def test_pair_is_inserted(row: tuple[Path, str, Plain, int | None, str, str]) -> None:
    path, key, value, index, before, inserted = row
    after = insert_pair(document_of(TEXT), path, key, value, index=index)
    assert after == with_changes((before, before + inserted))
    assert YAML(typ="safe", pure=True).load(after) == to_plain_of(after)


def test_line_ends_and_bom_of_the_file_are_kept_by_insertions() -> None:
    document = document_of("\ufeffa:\r\n  - b\r\nc: 1")
    assert insert_into_sequence(document, ("a",), 1, {"x": 1, "y": 2}) == (
        "\ufeffa:\r\n  - b\r\n  - x: 1\r\n    y: 2\r\nc: 1"
    )
    assert insert_pair(document, (), "d", 2) == "\ufeffa:\r\n  - b\r\nc: 1\r\nd: 2"


@pytest.mark.parametrize(
    ("text", "path", "value", "after"),
    [
        ("a: &x v\n", ("a",), "w", "a: &x w\n"),
        ("a: v", ("a",), "w", "a: w"),
        ("v # c\n", (), "w", "w # c\n"),
        ("- \n- b\n", (0,), "w", "- w \n- b\n"),
        ("-\n- b\n", (0,), "w", "- w\n- b\n"),
        ("{a: , b: 1}", ("a",), 2, "{a: 2, b: 1}"),
        ("{a, b}", ("a",), 2, None),
        ("a: v # c\n", ("a",), "x\ny", 'a: "x\\ny" # c\n'),
        ("a: &x v\nb: *x\n", ("a",), "w", None),
        ("a: &x v\nb: *x\n", ("b",), "w", None),
        ("a: v\n", ("a",), "\0", None),
        ("a: v\n", ("a",), "9" * 300_000, None),
    ],
)
def test_replacement_in_odd_places(
    text: str, path: Path, value: ScalarValue, after: str | None
) -> None:
    if after is not None:
        assert replace_scalar(document_of(text), path, value) == after
        return
    with pytest.raises(EditError, match="cannot be edited in place"):
        replace_scalar(document_of(text), path, value)


@pytest.mark.parametrize(
    ("text", "path", "index", "after"),
    [
        ("a: &x\n  - b\n", ("a",), 1, "a: &x\n  - b\n  - new\n"),
        ("a: &x [b]\n", ("a",), 0, "a: &x [new, b]\n"),
        ("a: &x []\n", ("a",), 0, "a: &x [new]\n"),
        ("a:\n- b\nc: 1\n", ("a",), 1, "a:\n- b\n- new\nc: 1\n"),
        ("- - a\n  - b\n", (0,), 0, "- - new\n  - a\n  - b\n"),
        ("- - a\n  - b\n", (0,), 2, "- - a\n  - b\n  - new\n"),
        ("- a # c\n# d\n- b", (), 2, "- a # c\n# d\n- b\n- new"),
        ("- |\n  x\n\n\n- b\n", (), 1, "- |\n  x\n- new\n\n\n- b\n"),
        ("[a,\n b,]\n", (), 2, "[a,\n b, new,]\n"),
        ("- |+\n  x\n\n- b\n", (), 1, None),
        ("a: &x b\nl: [*x, c]\n", ("l",), 1, None),
    ],
)
def test_insertion_in_odd_places(text: str, path: Path, index: int, after: str | None) -> None:
    if after is not None:
        assert insert_into_sequence(document_of(text), path, index, "new") == after
        return
    with pytest.raises(EditError, match="cannot be edited in place"):
        insert_into_sequence(document_of(text), path, index, "new")


REFUSED: list[tuple[str, Callable[[Document], str], Mark]] = [
    ("expected a single value", lambda d: replace_scalar(d, ("tests",), 1), Mark(13, 3)),
    ("nothing stands at nope", lambda d: replace_scalar(d, ("nope",), 1), Mark(2, 1)),
    ("expected a list", lambda d: insert_into_sequence(d, ("last",), 0, 1), Mark(22, 7)),
    ("from 0 to 2, found 3", lambda d: insert_into_sequence(d, ("tests",), 3, 1), Mark(13, 3)),
    ("from 0 to 2, found -1", lambda d: insert_into_sequence(d, ("tests",), -1, 1), Mark(13, 3)),
    ("expected a mapping", lambda d: insert_pair(d, ("tests",), "k", 1), Mark(13, 3)),
    ("last is there already", lambda d: insert_pair(d, (), "last", 1), Mark(2, 1)),
    ("from 0 to 0, found 1", lambda d: insert_pair(d, ("map",), "k", 1, index=1), Mark(21, 6)),
]


@pytest.mark.parametrize(("message", "edit", "mark"), REFUSED, ids=[row[0] for row in REFUSED])
def test_edit_that_makes_no_sense_is_refused_with_its_place(
    message: str, edit: Callable[[Document], str], mark: Mark
) -> None:
    with pytest.raises(EditError, match=message) as caught:
        edit(document_of(TEXT))
    assert caught.value.span is not None
    assert caught.value.span.start == mark


@pytest.mark.parametrize("text", ["a: 1\na: 2\n", "a: [", "# nothing\n"])
def test_only_a_sound_file_is_edited(text: str) -> None:
    with pytest.raises(EditError, match="without problems"):
        replace_scalar(read_text(text, "f"), ("a",), 1)


# Properties

VALUES = st.one_of(
    st.text(max_size=12),
    st.text(st.sampled_from("ab \n:-?#,[]{}'\"|>&*!%@`\\~0é\t"), max_size=8),
    st.sampled_from(["no", "0x1", "1e-5", ".inf", "null", "2026-01-01", "=", "<<", "- a", "a:"]),
    st.integers(),
    st.floats(),
    st.booleans(),
    st.none(),
)
PLAIN = st.recursive(
    VALUES,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(st.text("ab:# ", max_size=4), inner, max_size=3),
    ),
    max_leaves=6,
)


def paths_to(kind: type[Scalar] | type[Sequence] | type[Mapping]) -> list[Path]:
    """Return the path of every node of a kind in `TEXT`."""
    found: list[Path] = []
    open_nodes: list[tuple[Path, Node | None]] = [((), document_of(TEXT).root)]
    while open_nodes:
        path, node = open_nodes.pop()
        if isinstance(node, kind):
            found.append(path)
        if isinstance(node, Mapping):
            open_nodes.extend(((*path, pair.key.text), pair.value) for pair in node.pairs)
        elif isinstance(node, Sequence):
            open_nodes.extend(((*path, place), item) for place, item in enumerate(node.items))
    assert found
    return found


def writable(value: Plain) -> bool:
    """Tell whether every text of a value can stand in a YAML file of ours."""
    if isinstance(value, dict):
        return all(writable(key) and writable(inner) for key, inner in value.items())
    if isinstance(value, list):
        return all(writable(inner) for inner in value)
    return not isinstance(value, str) or not any(
        character == "\0" or "\ud800" <= character <= "\udfff" for character in value
    )


@given(st.sampled_from(paths_to(Scalar)), VALUES)
@settings(max_examples=300, deadline=None)
def test_replacing_changes_one_value_and_one_stretch(path: Path, value: ScalarValue) -> None:
    document = document_of(TEXT)
    if not writable(value):
        with pytest.raises(EditError):
            replace_scalar(document, path, value)
        return
    after = replace_scalar(document, path, value)
    expected = to_plain_of(TEXT)
    put(expected, path, value)
    assert repr(to_plain_of(after)) == repr(expected)
    lines = TEXT.split("\n")
    node = node_at(document, path)
    head = "\n".join(
        [*lines[: node.start.line - 1], lines[node.start.line - 1][: node.start.column - 1]]
    )
    tail = "\n".join([lines[node.end.line - 1][node.end.column - 1 :], *lines[node.end.line :]])
    assert after.startswith(head)
    assert after.endswith(tail)


@given(st.data(), PLAIN)
@settings(max_examples=300, deadline=None)
def test_inserting_adds_one_stretch_and_one_value(data: st.DataObject, value: Plain) -> None:
    document = document_of(TEXT)
    expected = to_plain_of(TEXT)
    if data.draw(st.booleans()):
        path = data.draw(st.sampled_from(paths_to(Sequence)))
        node = node_at(document, path)
        assert isinstance(node, Sequence)
        index = data.draw(st.integers(0, len(node.items)))
        items = [to_plain(item) for item in node.items]
        put(expected, path, [*items[:index], value, *items[index:]])
        edit = partial(insert_into_sequence, document, path, index, value)
    else:
        path = data.draw(st.sampled_from(paths_to(Mapping)))
        node = node_at(document, path)
        assert isinstance(node, Mapping)
        index = data.draw(st.integers(0, len(node.pairs)))
        entries = [(pair.key.text, to_plain(pair.value)) for pair in node.pairs]
        whole = dict([*entries[:index], ("new key", value), *entries[index:]])
        if path:
            put(expected, path, whole)
        else:
            expected = whole
        edit = partial(insert_pair, document, path, "new key", value, index=index)
    if not writable(value):
        with pytest.raises(EditError):
            edit()
        return
    after = edit()
    assert repr(to_plain_of(after)) == repr(expected)
    same = next(i for i in range(len(after)) if after[i] != TEXT[i : i + 1])
    assert after[same + len(after) - len(TEXT) :] == TEXT[same:]


def node_at(document: Document, path: Path) -> Node:
    assert document.root is not None
    return find(document.root, path)


def put(whole: Plain, path: Path, value: Plain) -> None:
    """Set a value in plain data."""
    for step in path[:-1]:
        whole = whole[step]  # type: ignore[index] # the path is one of the text
    whole[path[-1]] = value  # type: ignore[index] # as above


def to_plain_of(text: str) -> Plain:
    root = document_of(text).root
    assert root is not None
    return to_plain(root)


NOTES = """\
top:
  literal: |
    one

      two
  folded: >
    one
    more
  strip: |-
    one   # no comment here
  plain: one   # a comment
  quoted: 'it''s'
  flow: { a: 1, b: two, c: [ 3 ] }
  last: |
    end
"""


def plain_of(text: str) -> Any:
    root = document_of(text).root
    assert root is not None
    return to_plain(root)


@pytest.mark.parametrize(
    ("key", "value", "old", "new"),
    [
        ("literal", "one\n\n  two\nthree\n", "      two\n", "      two\n    three\n"),
        ("folded", "one more\nthree\n", "    more\n", "    more\n\n    three\n"),
        ("strip", "one   # no comment here\nthree", "here\n", "here\n    three\n"),
        ("last", "end\nthree\n", "    end\n", "    end\n    three\n"),
    ],
)
def test_a_block_grows_at_its_end(key: str, value: str, old: str, new: str) -> None:
    edited = append_lines(document_of(NOTES), ("top", key), ["three"])
    assert edited == NOTES.replace(old, new)
    assert plain_of(edited)["top"][key] == value


@pytest.mark.parametrize("key", ["plain", "quoted"])
def test_another_text_is_written_anew_with_the_lines(key: str) -> None:
    before = plain_of(NOTES)["top"]
    edited = append_lines(document_of(NOTES), ("top", key), ["three", "four"])
    assert plain_of(edited)["top"] == {**before, key: f"{before[key]}\nthree\nfour\n"}
    assert ("# a comment" in edited) is True


def test_lines_need_a_text_to_stand_in() -> None:
    with pytest.raises(EditError, match="expected a text to add lines to"):
        append_lines(document_of(NOTES), ("top", "flow"), ["three"])


@pytest.mark.parametrize(
    ("path", "old", "new"),
    [
        (("top", "plain"), "  plain: one   # a comment\n", ""),
        (("top", "literal"), "  literal: |\n    one\n\n      two\n", ""),
        (("top", "last"), "  last: |\n    end\n", ""),
        (("top", "flow", "a"), "{ a: 1, b", "{ b"),
        (("top", "flow", "b"), "1, b: two, c", "1, c"),
        (("top", "flow", "c"), "two, c: [ 3 ] }", "two }"),
    ],
)
def test_an_entry_goes_and_nothing_else(path: Path, old: str, new: str) -> None:
    assert old in NOTES
    assert remove_pair(document_of(NOTES), path) == NOTES.replace(old, new)


@pytest.mark.parametrize("path", [("top",), ("top", "none"), ("top", "plain", "x")])
def test_what_is_not_there_or_stands_alone_stays(path: Path) -> None:
    with pytest.raises(EditError):
        remove_pair(document_of(NOTES), path)
