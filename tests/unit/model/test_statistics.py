"""Statistics know their sample: what is unlike is not divided, and nothing is lost on the way."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from pv.model.measurement import (
    SAMPLE_FIELDS,
    Baseline,
    Interval,
    Measurements,
    Metric,
    Null,
    Recheck,
    Sample,
    Side,
    Statistic,
    UnlikeStatisticsError,
)

LAST = Sample("last", 18944, (18944,), "std (population)", "float32", "ffn_swigl, gguf")
STD = Statistic("std", 1.2216, LAST)


def test_like_statistics_are_divided():
    assert STD / replace(STD, value=0.0670) == pytest.approx(18.2328, abs=5e-5)


def test_a_spread_over_seven_tokens_over_that_of_the_last_is_an_error_by_name():
    seven = replace(LAST, tokens="all", elements=132608, shape=(7, 18944))
    with pytest.raises(UnlikeStatisticsError, match="std over std is no number") as caught:
        _ = replace(STD, sample=seven) / STD
    assert "tokens all against last, elements 132608 against 18944" in caught.value.message
    assert caught.value.advice


@pytest.mark.parametrize("name", SAMPLE_FIELDS)
def test_each_property_of_the_sample_refuses_on_its_own(name):
    other = {"elements": 1, "shape": (1, 2)}.get(name, "something else")
    with pytest.raises(UnlikeStatisticsError, match=name):
        _ = STD / replace(STD, sample=replace(LAST, **{name: other}))


def test_another_metric_is_no_baseline():
    with pytest.raises(UnlikeStatisticsError, match="metric std against mean"):
        _ = STD / replace(STD, metric="mean")


@pytest.mark.parametrize("name", ["source", "depth", "order"])
def test_what_is_compared_may_differ(name):
    assert STD / replace(STD, sample=replace(LAST, **{name: "another"})) == 1.0


def test_evidence_for_guards_survives_the_trip_through_json():
    measured = Measurements(
        (
            Metric("share", 0.5, "1", LAST, range=(0, 1), across=1e-6),
            Metric("growth", (1.0, 2.0), "1", replace(LAST, depth="4", order="index order")),
        ),
        baselines=(Baseline("growth", Side("drift", "stream", "4"), Side("drift", "stream", "0")),),
        intervals=(Interval("growth", (0.9, 1.9), (1.1, 2.1), "sentences", 16),),
        nulls=(Null("growth", 2.236, "a random walk"),),
        rechecks=(Recheck("A", "float32", "index order", (1.0,), (1.0,), (1e-6,)),),
    )
    assert Measurements.from_data(json.loads(json.dumps(measured.to_data()))) == measured


def test_measurements_without_the_newer_evidence_are_read_too():
    measured = Measurements((Metric("share", 0.5, "1", LAST),))
    data = measured.to_data()
    for name in ("baselines", "intervals", "nulls", "rechecks"):
        del data[name]
    for name in ("depth", "order"):
        del data["metrics"][0]["sample"][name]
    assert Measurements.from_data(data) == measured
