"""The nodes of one YAML document, each with its place in the text.

Nodes are written once, by the reader, and never changed afterwards. An alias is the very node its
anchor names, so one node can stand at several paths; the tree is finite and at most 64 deep
however often aliases repeat a part of it (the reader refuses the rest).
"""

from __future__ import annotations

from typing import Literal, NamedTuple, TypeAlias

from pv.marks import Mark

Plain: TypeAlias = "str | int | float | bool | list[Plain] | dict[str, Plain] | None"
ScalarValue: TypeAlias = "str | int | float | bool | None"
Style: TypeAlias = Literal["plain", "single", "double", "literal", "folded"]
Path: TypeAlias = "tuple[str | int, ...]"


class Scalar:
    """One value without parts.

    `value` is what YAML 1.2's core schema makes of it, `text` the content as characters (escapes
    and folding undone). `start` is the first character of the value itself, quotes included and
    anchors not; `end` is the point after the last one. An absent value (`key:`) has equal marks.
    """

    __slots__ = ("end", "start", "style", "text", "value")

    def __init__(self, value: ScalarValue, text: str, style: Style, start: Mark, end: Mark) -> None:
        self.value = value
        self.text = text
        self.style = style
        self.start = start
        self.end = end

    def __repr__(self) -> str:
        return f"Scalar({self.value!r}, {self.style}, {self.start.line}:{self.start.column})"


class Sequence:
    """A list of nodes; `end` is the point after the last item (or the closing bracket)."""

    __slots__ = ("end", "items", "start")

    def __init__(self, items: list[Node], start: Mark, end: Mark) -> None:
        self.items = items
        self.start = start
        self.end = end

    def __repr__(self) -> str:
        return f"Sequence({len(self.items)} items, {self.start.line}:{self.start.column})"


class Pair(NamedTuple):
    """One entry of a mapping; `key.text` is the key."""

    key: Scalar
    value: Node


class Mapping:
    """Entries in the order of the text, every key once."""

    __slots__ = ("_values", "end", "pairs", "start")

    def __init__(self, pairs: list[Pair], start: Mark, end: Mark) -> None:
        self.pairs = pairs
        self.start = start
        self.end = end
        self._values: dict[str, Node] | None = None

    def get(self, key: str) -> Node | None:
        """Return the value under `key`, or None where the key is absent."""
        if self._values is None:
            self._values = {pair.key.text: pair.value for pair in self.pairs}
        return self._values.get(key)

    def keys(self) -> list[str]:
        """Return the keys in the order of the text."""
        return [pair.key.text for pair in self.pairs]

    def __repr__(self) -> str:
        return f"Mapping({self.keys()!r}, {self.start.line}:{self.start.column})"


Node: TypeAlias = "Scalar | Sequence | Mapping"


def to_plain(node: Node) -> Plain:
    """Return dicts, lists and scalars for a node; parts shared by aliases become copies."""
    if isinstance(node, Scalar):
        return node.value
    root: list[Plain] | dict[str, Plain] = [] if isinstance(node, Sequence) else {}
    open_nodes: list[tuple[Node, list[Plain] | dict[str, Plain]]] = [(node, root)]
    while open_nodes:
        source, target = open_nodes.pop()
        if isinstance(source, Sequence) and isinstance(target, list):
            for item in source.items:
                target.append(_shell(item, open_nodes))
        elif isinstance(source, Mapping) and isinstance(target, dict):
            for key, value in source.pairs:
                target[key.text] = _shell(value, open_nodes)
    return root


def _shell(node: Node, open_nodes: list[tuple[Node, list[Plain] | dict[str, Plain]]]) -> Plain:
    """Return a scalar's value, or an empty container that is queued to be filled."""
    if isinstance(node, Scalar):
        return node.value
    empty: list[Plain] | dict[str, Plain] = [] if isinstance(node, Sequence) else {}
    open_nodes.append((node, empty))
    return empty


def find(node: Node, path: Path) -> Node:
    """Return the node at `path` (keys and list positions from 0).

    Raises LookupError, naming the first step that is not there.
    """
    return _walk(node, path)[1]


def locate(node: Node, path: Path) -> tuple[Mark | None, Mark]:
    """Return where the key of the last step stands (None in a list) and where its value starts.

    Raises LookupError, naming the first step that is not there.
    """
    key, value = _walk(node, path)
    return (key.start if key else None, value.start)


def _walk(node: Node, path: Path) -> tuple[Scalar | None, Node]:
    key: Scalar | None = None
    for depth, step in enumerate(path):
        found = _step(node, step)
        if found is None:
            shown = ".".join(str(part) for part in path[: depth + 1])
            raise LookupError(f"nothing stands at {shown}")
        key, node = found
    return key, node


def _step(node: Node, step: str | int) -> tuple[Scalar | None, Node] | None:
    if isinstance(node, Mapping) and isinstance(step, str):
        return next((pair for pair in node.pairs if pair.key.text == step), None)
    if isinstance(node, Sequence) and isinstance(step, int) and 0 <= step < len(node.items):
        return None, node.items[step]
    return None
