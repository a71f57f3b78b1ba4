"""Where nodes stand: line and column of every key, value, item and end."""

import pytest

from pv.marks import Mark
from pv.yamlfile.nodes import (
    Mapping,
    Node,
    Path,
    Scalar,
    Sequence,
    find,
    locate,
    to_plain,
)
from pv.yamlfile.read import read_text


def root_of(text: str | bytes) -> Node:
    document = read_text(text, "f")
    assert document.problems == ()
    assert document.root is not None
    return document.root


TEXT = """\
metadata:
  id: C-ÉTUDE   # a comment
  "日本": 'x y'
  empty:
tests:
  - id: A
    expect: [ {metric: é, value: 1e-5}, "q" ]
  -   id: B
      text: |
        line é

        last

      folded: >-
        one
        two
# trailing
list:
- 1
-
- plain over
  two lines
"""

PLACES: list[tuple[Path, tuple[int, int] | None, tuple[int, int], tuple[int, int]]] = [
    # path, start of the key, start of the value, end of the value
    ((), None, (1, 1), (22, 12)),
    (("metadata",), (1, 1), (2, 3), (4, 9)),
    (("metadata", "id"), (2, 3), (2, 7), (2, 14)),
    (("metadata", "日本"), (3, 3), (3, 9), (3, 14)),
    (("metadata", "empty"), (4, 3), (4, 9), (4, 9)),
    (("tests",), (5, 1), (6, 3), (16, 12)),
    (("tests", 0), None, (6, 5), (7, 46)),
    (("tests", 0, "id"), (6, 5), (6, 9), (6, 10)),
    (("tests", 0, "expect"), (7, 5), (7, 13), (7, 46)),
    (("tests", 0, "expect", 0), None, (7, 15), (7, 39)),
    (("tests", 0, "expect", 0, "metric"), (7, 16), (7, 24), (7, 25)),
    (("tests", 0, "expect", 0, "value"), (7, 27), (7, 34), (7, 38)),
    (("tests", 0, "expect", 1), None, (7, 41), (7, 44)),
    (("tests", 1), None, (8, 7), (16, 12)),
    (("tests", 1, "id"), (8, 7), (8, 11), (8, 12)),
    (("tests", 1, "text"), (9, 7), (9, 13), (12, 13)),
    (("tests", 1, "folded"), (14, 7), (14, 15), (16, 12)),
    (("list",), (18, 1), (19, 1), (22, 12)),
    (("list", 0), None, (19, 3), (19, 4)),
    (("list", 1), None, (20, 2), (20, 2)),
    (("list", 2), None, (21, 3), (22, 12)),
]


@pytest.mark.parametrize("dress", [("", "\n"), ("\ufeff", "\n"), ("", "\r\n"), ("\ufeff", "\r\n")])
@pytest.mark.parametrize(
    ("path", "key", "start", "end"), PLACES, ids=[".".join(map(str, row[0])) for row in PLACES]
)
def test_places_of_keys_and_values(
    dress: tuple[str, str],
    path: Path,
    key: tuple[int, int] | None,
    start: tuple[int, int],
    end: tuple[int, int],
) -> None:
    bom, newline = dress
    root = root_of(bom + TEXT.replace("\n", newline))
    assert locate(root, path) == (Mark(*key) if key else None, Mark(*start))
    assert find(root, path).end == Mark(*end)


@pytest.mark.parametrize(
    ("text", "path", "start", "end"),
    [
        ("a: &x v", ("a",), (1, 7), (1, 8)),
        ("a: &x  'v'", ("a",), (1, 8), (1, 11)),
        ("a: &x\n  v", ("a",), (2, 3), (2, 4)),
        ("a: &x # c\n  v", ("a",), (2, 3), (2, 4)),
        ("a: &x\nb: 1", ("a",), (1, 6), (1, 6)),
        ("a: &x |\n  v\nb: 1", ("a",), (1, 7), (2, 4)),
        ("é: &x v\nb: *x", ("b",), (1, 7), (1, 8)),
        ("a: &x {b: 1}", ("a",), (1, 4), (1, 13)),
        ("[a: 1, b]", (0,), (1, 2), (1, 6)),
        ("a: |\n  x\n\n\n", ("a",), (1, 4), (2, 4)),
        ("a: |\n  x", ("a",), (1, 4), (2, 4)),
        ("a: |\n\nb: 1", ("a",), (1, 4), (1, 5)),
        ("a: |+\n  x\n\n# c\nb: 1", ("a",), (1, 4), (2, 4)),
        ("a: |\n  x\n # c\nb: 1", ("a",), (1, 4), (2, 4)),
        ("a: 1", ("a",), (1, 4), (1, 5)),
        ("a: [\n 1,\n é, 2\n]  # c", ("a",), (1, 4), (4, 2)),
        ("a: 'x\n  y'", ("a",), (1, 4), (2, 5)),
        ("? a\n: b", ("a",), (2, 3), (2, 4)),
    ],
)
def test_places_that_libyaml_gives_otherwise(
    text: str, path: Path, start: tuple[int, int], end: tuple[int, int]
) -> None:
    node = find(root_of(text), path)
    assert (node.start, node.end) == (Mark(*start), Mark(*end))


def test_an_alias_is_the_node_of_its_anchor_and_its_key_stands_where_it_is_written() -> None:
    root = root_of("a: &x k\n*x : [*x]\n")
    assert find(root, ("a",)) is find(root, ("k", 0))
    assert locate(root, ("k",)) == (Mark(2, 1), Mark(2, 6))


def test_mapping_finds_by_key_and_keeps_the_order() -> None:
    root = root_of("b: 1\na: 2\n'1': 3\n")
    assert isinstance(root, Mapping)
    assert root.keys() == ["b", "a", "1"]
    value = root.get("1")
    assert isinstance(value, Scalar)
    assert (value.value, value.text, value.style) == (3, "3", "plain")
    assert root.get("c") is None


def test_first_of_two_equal_keys_counts_and_refused_keys_are_left_out() -> None:
    root = read_text("a: 1\na: [2]\n<<: {b: 1}\n[c]: {d: 1}\n2: e\n", "f").root
    assert root is not None
    assert to_plain(root) == {"a": 1, "2": "e"}


def test_tagged_scalar_is_text() -> None:
    root = read_text("a: !!int 1\nb: !x {c: 1}\n", "f").root
    assert root is not None
    assert to_plain(root) == {"a": "1", "b": {"c": 1}}


def test_plain_data_shares_nothing() -> None:
    plain = to_plain(root_of("a: &x [1]\nb: *x\n"))
    assert isinstance(plain, dict)
    assert plain["a"] == plain["b"]
    assert plain["a"] is not plain["b"]


def test_plain_data_of_each_kind_of_root() -> None:
    assert to_plain(root_of("x")) == "x"
    assert to_plain(root_of("[]")) == []
    assert to_plain(root_of("{}")) == {}
    assert isinstance(root_of("- 1"), Sequence)


@pytest.mark.parametrize(
    ("path", "named"),
    [
        (("x",), "x"),
        (("a", 3), "a.3"),
        (("a", -1), "a.-1"),
        (("a", "b", "c"), "a.b"),
        ((0,), "0"),
        (("a", 0, "x"), "a.0.x"),
    ],
)
def test_path_that_leads_nowhere_names_the_first_missing_step(path: Path, named: str) -> None:
    root = root_of("a: [1, 2, 3]\n")
    with pytest.raises(LookupError, match=f"nothing stands at {named}$"):
        find(root, path)
    with pytest.raises(LookupError, match="nothing stands at"):
        locate(root, path)


def test_nodes_show_themselves() -> None:
    root = root_of("a: [1, x]")
    assert repr(root) == "Mapping(['a'], 1:1)"
    assert repr(find(root, ("a",))) == "Sequence(2 items, 1:4)"
    assert repr(find(root, ("a", 1))) == "Scalar('x', plain, 1:8)"
