"""What a Rust source defines for the test runner, read with tree-sitter.

Comments, strings and functions that only look like tests are no tests: the attribute decides.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import tree_sitter
import tree_sitter_rust

if TYPE_CHECKING:
    from tree_sitter import Node

_TEST_ATTRIBUTES = frozenset({"test", "rstest", "test_case", "wasm_bindgen_test", "quickcheck"})
"""Last segments of attributes that make a function a test: `#[tokio::test]`, `#[test_case(…)]` …"""

_TEST_MACROS = frozenset({"proptest", "quickcheck"})
"""Macros whose body holds test functions."""

_DEEPEST = 64
"""Inline modules inside each other; deeper ones are not looked into."""


@dataclass(frozen=True, slots=True)
class RustTest:
    """A test function and where it stands in its file."""

    modules: tuple[str, ...]
    """Inline modules around it."""
    name: str
    line: int
    ignored: bool
    features: frozenset[str]
    """Cargo features without which it is not compiled."""


@dataclass(frozen=True, slots=True)
class OutlineModule:
    """`mod name;`: a module whose text stands in another file."""

    modules: tuple[str, ...]
    name: str
    path: str | None
    """From `#[path = "…"]`."""
    features: frozenset[str]


@dataclass(frozen=True, slots=True)
class RustSource:
    """The tests and the outlined modules of one file."""

    tests: tuple[RustTest, ...]
    modules: tuple[OutlineModule, ...]


@dataclass(frozen=True, slots=True)
class _Attribute:
    name: str
    """Its path, `tokio::test`."""
    text: str


_PARSER = tree_sitter.Parser(tree_sitter.Language(tree_sitter_rust.language()))


def parse_rust(text: str) -> RustSource:
    """Return the tests and modules of a Rust source; what does not parse is left out."""
    tests: list[RustTest] = []
    modules: list[OutlineModule] = []
    tree = _PARSER.parse(text.encode())
    open_items: list[tuple[Node, tuple[str, ...], frozenset[str]]] = [
        (tree.root_node, (), frozenset())
    ]
    while open_items:
        node, around, features = open_items.pop()
        for item, attributes in _items(node):
            needed = features | _features(attributes)
            name = _text(item.child_by_field_name("name"))
            if item.type == "function_item":
                if any(_makes_test(each) for each in attributes):
                    tests.append(_test(item, name, around, attributes, needed))
            elif item.type == "mod_item":
                body = item.child_by_field_name("body")
                if body is None:
                    modules.append(OutlineModule(around, name, _path(attributes), needed))
                elif len(around) < _DEEPEST:
                    open_items.append((body, (*around, name), needed))
            elif item.type == "macro_invocation":
                tests.extend(_macro_tests(item, around, needed))
    return RustSource(tuple(sorted(tests, key=lambda test: test.line)), tuple(modules))


def _items(node: Node) -> Iterator[tuple[Node, list[_Attribute]]]:
    """Yield the items of a file or module, each with the attributes before it."""
    attributes: list[_Attribute] = []
    for child in node.children:
        if child.type == "attribute_item":
            attributes.append(_attribute(child))
        elif child.type in {"line_comment", "block_comment"}:
            continue
        elif child.type == "expression_statement" and child.named_children:
            yield child.named_children[0], attributes  # `proptest! { … }` is read as a statement
            attributes = []
        else:
            yield child, attributes
            attributes = []


def _attribute(item: Node) -> _Attribute:
    inner = next((child for child in item.children if child.type == "attribute"), item)
    path = inner.children[0] if inner.children else inner
    return _Attribute(_text(path).replace(" ", ""), _text(inner))


def _makes_test(attribute: _Attribute) -> bool:
    return attribute.name.rsplit("::", 1)[-1] in _TEST_ATTRIBUTES


def _test(
    item: Node,
    name: str,
    around: tuple[str, ...],
    attributes: Sequence[_Attribute],
    features: frozenset[str],
) -> RustTest:
    ignored = any(each.name == "ignore" or _ignores_by_default(each) for each in attributes)
    return RustTest(around, name, item.start_point[0] + 1, ignored, features)


def _ignores_by_default(attribute: _Attribute) -> bool:
    """Return whether it is `cfg_attr(not(…), ignore)`: ignored unless something is switched on."""
    return attribute.name == "cfg_attr" and {"not", "ignore"} <= _words(attribute.text)


def _words(text: str) -> set[str]:
    return set("".join(c if c.isalnum() or c == "_" else " " for c in text).split())


def _path(attributes: Sequence[_Attribute]) -> str | None:
    for each in attributes:
        if each.name == "path" and '"' in each.text:
            return each.text.split('"')[1]
    return None


def _features(attributes: Sequence[_Attribute]) -> frozenset[str]:
    """Return the features that `cfg(feature = …)` demands, alone or under `all`.

    `any` and `not` demand no single feature, so nothing is concluded from them.
    """
    found: set[str] = set()
    for each in attributes:
        if each.name == "cfg" and not _words(each.text) & {"any", "not"}:
            parts = each.text.replace(" ", "").split('feature="')[1:]
            found.update(part.split('"')[0] for part in parts)
    return frozenset(found)


def _macro_tests(
    item: Node, around: tuple[str, ...], features: frozenset[str]
) -> Iterator[RustTest]:
    """Yield the tests in `proptest! { … }`, whose body is a list of bare tokens."""
    macro = _text(item.child_by_field_name("macro")).rsplit("::", 1)[-1]
    body = next((child for child in item.children if child.type == "token_tree"), None)
    if macro not in _TEST_MACROS or body is None:
        return
    marks: set[str] = set()
    before = ""
    for token in body.children:
        text = _text(token)
        if before == "#" and token.type == "token_tree":
            marks |= _words(text)
        elif before == "fn" and token.type == "identifier":
            if "test" in marks or macro == "quickcheck":
                line = token.start_point[0] + 1
                yield RustTest(around, text, line, "ignore" in marks, features)
            marks = set()
        before = text
    return


def _text(node: Node | None) -> str:
    return node.text.decode(errors="replace") if node is not None and node.text else ""
