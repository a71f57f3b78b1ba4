"""From a path in a document to its place in the text."""

from __future__ import annotations

from pv.marks import Span
from pv.model.contract import Path
from pv.yamlfile.nodes import Mapping, Node, Scalar, Sequence


def span_at(root: Node, file: str, path: Path, key: bool = False) -> Span:
    """Return the span of the value at `path`, or of its key.

    Where the path does not exist it is the span of the nearest parent that does; a list item has
    no key, so its own span stands for it. A collection is shown by its first line alone.
    """
    node: Node = root
    name: Scalar | None = None
    for step in path:
        found = _step(node, step)
        if found is None:
            break
        name, node = found
    return node_span(name if key and name is not None else node, file)


def node_span(node: Node, file: str) -> Span:
    """Return the span of a node; of a collection, the part on its first line."""
    return Span(file, node.start, node.end)


def _step(node: Node, step: str | int) -> tuple[Scalar | None, Node] | None:
    if isinstance(node, Mapping):
        return next((pair for pair in node.pairs if pair.key.text == str(step)), None)
    if isinstance(node, Sequence) and isinstance(step, int) and 0 <= step < len(node.items):
        return None, node.items[step]
    return None
