"""Charts: well-formed, the same bytes each time, and true to the numbers."""

import math
import xml.etree.ElementTree as ET

import pytest

from pv.model.measurement import Series
from pv.report.chart import line_chart


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


def test_a_band_is_drawn_and_a_not_finite_point_is_left_out():
    svg = line_chart("t", [drift((1.0, math.nan, 3.0), low=(0.5, 1.0, 2.0), high=(2.0, 3.0, 4.0))])
    assert len(points(svg)) == 2
    assert len(ET.fromstring(svg).findall(".//{*}polygon")) == 1


def test_nothing_to_draw_is_an_error_not_an_empty_picture():
    with pytest.raises(ValueError, match="no finite value"):
        line_chart("t", [drift((math.nan,))])
