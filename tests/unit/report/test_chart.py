"""Charts: well-formed, the same bytes each time, and true to the numbers."""

import math
import xml.etree.ElementTree as ET
from types import SimpleNamespace

import pytest

from pv.escape import escape
from pv.model.measurement import Series
from pv.report.badge import badges
from pv.report.chart import Band, line_chart
from pv.report.graph import Node, layered


def drift(y=(0.01, 0.02, 0.4), **band):
    return Series("drift", "layer", "ratio", tuple(float(i) for i in range(len(y))), y, **band)


def points(svg, number=0):
    line = ET.fromstring(svg).findall(".//{*}polyline")[number]
    return [tuple(map(float, p.split(","))) for p in line.attrib["points"].split()]


def test_a_larger_value_is_drawn_higher():
    ys = [y for _, y in points(line_chart("t", [drift()]))]
    assert ys == sorted(ys, reverse=True)


def test_a_decade_is_one_height_on_a_logarithmic_axis():
    (_, a), (_, b), (_, c) = points(line_chart("t", [drift((0.01, 0.1, 1.0))]))
    assert a - b == pytest.approx(b - c, abs=0.2)


def test_the_same_bytes_each_time_and_titles_are_escaped():
    first = line_chart('a < b & "c"', [drift()])
    assert first == line_chart('a < b & "c"', [drift()])
    assert ET.fromstring(first).attrib["aria-label"] == 'a < b & "c"'


@pytest.mark.parametrize("bad", ["\ufffe", "\uffff", "\x00", "\x1b", "\x85", "\udcff", "\u202e"])
def test_a_name_of_any_characters_leaves_a_picture_valid(bad):
    named = Series(f"n{bad}", f"x{bad}", f"y{bad}", (0.0, 1.0), (1.0, 2.0))
    chart = line_chart(f"t{bad}", [named], bands=[Band(0.0, 1.0, f"limit{bad}")])
    graph = layered(f"t{bad}", [Node("a", f"l{bad}", f"n{bad}", f"s{bad}")], {})
    (drawn,) = badges([SimpleNamespace(id=f"M{bad}", percent=None)], "docs")
    for svg in (chart, graph, drawn.svg):
        shown = "".join(ET.fromstring(svg).itertext())
        assert bad not in shown
        assert escape(bad) in shown


def test_a_band_is_drawn_and_a_not_finite_point_is_left_out():
    svg = line_chart("t", [drift((1.0, math.nan, 3.0), low=(0.5, 1.0, 2.0), high=(2.0, 3.0, 4.0))])
    assert len(points(svg)) == 2
    assert len(ET.fromstring(svg).findall(".//{*}polygon")) == 1


@pytest.mark.parametrize(
    ("y", "log", "ticks"),
    [
        ((0.0134, 0.02, 0.0379), True, ["0.01", "0.02", "0.05"]),
        ((0.0134, 0.02, 0.0379), None, None),
        ((0.0, 0.02, 0.0379), True, None),
        ((3.0, 3.0), True, ["2", "5"]),
        ((2.0, 2.0), True, ["1", "2"]),
        ((1e-6, 1.0, 1e3), None, ["1e-06", "1e-05", "0.0001", "0.001", "0.01", "0.1", "1", "10"]),
    ],
)
def test_a_logarithmic_axis_has_round_ticks_and_needs_positive_values(y, log, ticks):
    svg = line_chart("t", [drift(y)], log=log)
    shown = [e.text for e in ET.fromstring(svg).findall(".//{*}text") if e.get("dy")]
    if ticks is None:
        assert shown[0] == "0"
    else:
        assert shown[: len(ticks)] == ticks


def test_a_limit_is_a_band_behind_the_line_and_lies_where_it_says():
    svg = line_chart("t", [drift((0.9, 1.0, 1.1))], log=True, bands=[Band(0.8, 1.2, "limit")])
    found = [e for e in ET.fromstring(svg).findall(".//{*}rect") if e.get("fill-opacity") == "0.1"]
    (band,) = [(float(e.get("y")), float(e.get("height"))) for e in found]
    ys = [y for _, y in points(svg)]
    assert band[0] < min(ys) < max(ys) < band[0] + band[1]
    assert svg.index("fill-opacity") < svg.index("<polyline")
    assert ">limit</text>" in svg


def test_the_legend_stands_above_the_plot():
    svg = line_chart("t", [drift(), drift((1.0, 2.0, 3.0))])
    top = min(y for _, y in points(svg, 1))
    words = [
        float(e.get("y")) for e in ET.fromstring(svg).findall(".//{*}text") if e.text == "drift"
    ]
    assert max(words) < top


def test_nothing_to_draw_is_an_error_not_an_empty_picture():
    with pytest.raises(ValueError, match="no finite value"):
        line_chart("t", [drift((math.nan,))])


def test_an_edge_over_a_column_is_seen_beside_its_boxes():
    nodes = [Node(each, each) for each in "abc"]
    svg = ET.fromstring(layered("t", nodes, {"a": ["b", "c"], "b": ["c"]}))
    tops = [float(each.get("y")) for each in svg.findall(".//{*}rect")]
    assert tops[0] == tops[2] != tops[1]
    straight = ET.fromstring(layered("t", nodes[:2], {"a": ["b"]})).findall(".//{*}rect")
    assert len({each.get("y") for each in straight}) == 1
