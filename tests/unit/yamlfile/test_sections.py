"""A place that is asked for in one section is the place that the whole document gives."""

import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from pv.model.contract import Path as NodePath
from pv.yamlfile.lines import read_lines
from pv.yamlfile.nodes import Mapping, Plain
from pv.yamlfile.places import span_at
from pv.yamlfile.read import read_text
from pv.yamlfile.sections import section
from tests.bench.contract_tree import contract_text
from tests.unit.yamlfile.test_lines import READ, made_up

TEXT = "# head\n\nab: 1\na:\n- b: |\n    ab:\n\n  # in between\n  c: 'd'\n\n# tail\nc: 2\n"


def paths_of(data: Plain, path: NodePath = ()) -> Iterator[NodePath]:
    """Yield every path of a document, and one below each that is not there."""
    yield path
    yield (*path, "nowhere")
    parts = (
        data.items() if isinstance(data, dict) else enumerate(data if type(data) is list else ())
    )
    for step, value in parts:
        yield from paths_of(value, (*path, step))


def assert_same_places(text: str) -> int:
    """Compare the places of all paths; return how many there are."""
    document = read_text(text, "f")
    whole = read_text(text, "f").root
    assert whole is not None
    paths = list(paths_of(document.plain))
    for path in paths:
        for key in (False, True):
            node = document.above(path)
            assert node is not None
            assert span_at(node, "f", path, key) == span_at(whole, "f", path, key), (path, text)
    return len(paths)


@pytest.mark.parametrize("text", [*READ.values(), TEXT])
def test_places_are_those_of_the_whole(text):
    assert assert_same_places(text) > 2


def test_places_of_contracts_are_those_of_the_whole():
    texts = [path.read_text("utf-8") for path in sorted(Path("contracts").glob("*.yaml"))]
    read = [text for text in texts if read_lines(text) is not None]
    read += [contract_text(number) for number in (5, 7, 97)]
    assert sum(map(assert_same_places, read)) > 1_000


def test_places_in_lines_that_fit_more_or_less_are_those_of_the_whole():
    rng = random.Random(4)  # noqa: S311 - test data, not a secret
    texts = {text for text in (made_up(rng) for _ in range(6_000)) if read_lines(text) is not None}
    assert len(texts) > 400
    for text in texts:
        assert_same_places(text)


def test_no_more_is_read_than_the_section():
    document = read_text(TEXT, "f")
    node = document.above(("a", 0, "c"))
    assert isinstance(node, Mapping)
    assert node.keys() == ["a"]
    assert document.above(("a", 1)) is node


@pytest.mark.parametrize("path", [(), ("d",), ("b",), (0,)])
def test_what_is_in_no_section_is_sought_in_the_whole(path):
    document = read_text(TEXT, "f")
    node = document.above(path)
    assert isinstance(node, Mapping)
    assert node.keys() == ["ab", "a", "c"]


def test_a_text_with_other_forms_is_read_whole():
    document = read_text("'a': 1\nb: 2\n", "f")
    assert document.sound
    assert document.above(("b",)) is document.root


def test_a_section_keeps_its_lines():
    found = section(TEXT, "a")
    assert found == "\n" * 3 + TEXT[TEXT.index("a:\n-") : TEXT.index("c: 2")]
    assert section(TEXT, "b") is None
