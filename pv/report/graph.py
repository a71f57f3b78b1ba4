"""A small directed graph as a picture, in layers from what rests on others to what they rest on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

from pv.escape import xml

_ROW: Final = 34
_BOX: Final = 24
_GAP: Final = 90
_SHIFT: Final = _ROW // 2
"""How far every other column stands lower: an edge over a column is seen between its boxes."""
_CHARACTER: Final = 7.2
_MARGIN: Final = 12


class Node(NamedTuple):
    """One box."""

    id: str
    label: str
    note: str = ""
    """Shown where the pointer rests."""
    state: str = ""
    """A word that colours the label where a page knows it."""


def layered(title: str, nodes: Sequence[Node], edges: Mapping[str, Sequence[str]]) -> str:
    """Return an SVG of the graph; an edge leads from a node to what it rests on, on its right.

    Edges to nodes that are not given are left out. A cycle is drawn as far as it can be laid out.
    """
    known = {node.id for node in nodes}
    kept = {node.id: [to for to in edges.get(node.id, ()) if to in known] for node in nodes}
    layers = _layers(kept)
    places, width, height = _places(nodes, layers)
    drawn = [_edge(places[one], places[to]) for one, others in kept.items() for to in others]
    drawn += [_box(node, places[node.id]) for node in nodes]
    label = xml(title)
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.0f} {height:.0f}"'
        f' width="{width:.0f}" height="{height:.0f}" font-family="ui-monospace, monospace"'
        f' font-size="12" role="img" aria-label="{label}">'
    )
    return "\n".join([head, f"<title>{label}</title>", *drawn, "</svg>"])


def _layers(edges: Mapping[str, Sequence[str]]) -> dict[str, int]:
    """Return how many steps lead to each node at most; within a cycle, as many as there are nodes.

    Repeated relaxation: without a cycle it settles after as many rounds as the graph is deep.
    """
    depth = dict.fromkeys(edges, 0)
    for _ in edges:
        moved = False
        for one, others in edges.items():
            for to in others:
                if depth[to] <= depth[one] < len(edges):
                    depth[to], moved = depth[one] + 1, True
        if not moved:
            break
    return depth


class _Place(NamedTuple):
    x: float
    y: float
    width: float


def _places(
    nodes: Sequence[Node], layers: Mapping[str, int]
) -> tuple[dict[str, _Place], float, float]:
    columns: dict[int, list[Node]] = {}
    for node in nodes:
        columns.setdefault(layers[node.id], []).append(node)
    places: dict[str, _Place] = {}
    x, shift = float(_MARGIN), _SHIFT if len(columns) > 2 else 0
    for layer, column in sorted(columns.items()):
        widest = max(len(node.label) for node in column) * _CHARACTER + 16
        for row, node in enumerate(column):
            places[node.id] = _Place(x, _MARGIN + row * _ROW + layer % 2 * shift, widest)
        x += widest + _GAP
    rows = max((len(column) for column in columns.values()), default=0)
    height = rows * _ROW + shift + 2 * _MARGIN
    return places, x - _GAP + _MARGIN, height


def _edge(one: _Place, to: _Place) -> str:
    start, end = one.x + one.width, to.x
    y, other = one.y + _BOX / 2, to.y + _BOX / 2
    middle = (start + end) / 2
    path = (
        f"M{start:.0f},{y:.0f}C{middle:.0f},{y:.0f} {middle:.0f},{other:.0f} {end:.0f},{other:.0f}"
    )
    return f'<path class="edge" d="{path}" stroke="#888" fill="none"/>'


def _box(node: Node, place: _Place) -> str:
    note = f"<title>{xml(node.note)}</title>" if node.note else ""
    kind = f' class="{xml(node.state)}"' if node.state else ""
    return (
        f'<g class="node">{note}<rect x="{place.x:.0f}" y="{place.y:.0f}" rx="4"'
        f' width="{place.width:.0f}" height="{_BOX}" fill="none" stroke="#888"/>'
        f'<text{kind} x="{place.x + 8:.0f}" y="{place.y + 16:.0f}">{xml(node.label)}</text></g>'
    )
