"""Every synthetic entry: complete, sound under other seeds, refusing what it must."""

import importlib

import pytest

from pv.errors import UsageError
from pv.falsifiers.interface import Run
from pv.model.measurement import Measurements
from tests.unit.falsifiers.own_registry import harness, measure, synthetic, unmet

SHORT = sorted(synthetic())
SEEDED = [short for short in SHORT if "seed" in synthetic()[short].parameters]


def controls_of(of):
    return importlib.import_module(harness(of).__module__).CONTROLS


def test_all_of_them_are_here():
    ffn = {"005", "005b", "006", "007", "008", "009", "010", "011", "012", "013", "015"}
    kernels = {f"{number:03}" for number in (*range(1, 10), 11)}
    expected = {f"FFN-GGUF-{each}" for each in ffn} | {f"Q4K-Q8K-{each}" for each in kernels}
    expected |= {f"BLOCK-{number:03}" for number in range(1, 12)}
    assert set(SHORT) >= expected


@pytest.mark.parametrize("short", SHORT)
def test_the_entry_says_all_it_must(short):
    of = synthetic()[short]
    assert of.expect
    assert all(each.reason for each in of.expect)
    assert of.controls
    assert set(of.controls) <= set(controls_of(of))
    assert all(description for description in controls_of(of).values())
    assert of.rule
    assert of.prediction
    assert of.if_fails


@pytest.mark.parametrize("short", SHORT)
def test_measurements_survive_the_way_to_another_process(short):
    measured = measure(synthetic()[short])
    assert Measurements.from_data(measured.to_data()) == measured
    assert unmet(synthetic()[short], measured) == set()
    assert all(metric.sample.elements > 0 for metric in measured.metrics)


@pytest.mark.parametrize("short", SEEDED)
def test_twenty_other_seeds_raise_no_alarm(short):
    of = synthetic()[short]
    for seed in range(1000, 1020):
        assert unmet(of, measure(of, seed=seed)) == set(), seed


@pytest.mark.parametrize("short", SHORT)
def test_an_unknown_control_is_refused_by_name(short):
    with pytest.raises(UsageError, match="'no_such_fault' is unknown, expected one of"):
        measure(synthetic()[short], fault="no_such_fault")


@pytest.mark.parametrize("short", SHORT)
def test_no_parameter_has_a_default(short):
    of = synthetic()[short]
    run = harness(of)
    for name in of.parameters:
        left = {key: value for key, value in of.parameters.items() if key != name}
        with pytest.raises(UsageError, match=f"parameter '{name}' is missing"):
            run(Run(left))


def test_a_convention_that_does_not_exist_is_refused():
    with pytest.raises(UsageError, match="convention is 'neither', expected one of ggml, rust"):
        measure(synthetic()["Q4K-Q8K-002"], convention="neither")
