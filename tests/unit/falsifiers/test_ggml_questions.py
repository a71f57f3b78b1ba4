"""The falsifiers against ggml: what they say without it, and what their numbers count."""

import importlib.machinery
import importlib.metadata
import importlib.util
import re
import tomllib
from pathlib import Path

import numpy as np
import pytest

from pv.errors import MissingError
from pv.falsifiers.q4k_q8k import ggml_oracle, ggml_products
from tests.unit.falsifiers.own_registry import ROOT, measure, numbers, synthetic

SHORT = ("Q4K-Q8K-006", "Q4K-Q8K-007", "Q4K-Q8K-008", "Q4K-Q8K-009")
CACHED = (ggml_oracle._folder, ggml_oracle._base, ggml_oracle._cpu)


@pytest.fixture
def located(monkeypatch):
    """Let the package be found elsewhere, or not at all, for one test."""

    def at(spec):
        for each in CACHED:
            each.cache_clear()
        monkeypatch.setattr(importlib.util, "find_spec", lambda _name: spec)

    yield at
    for each in CACHED:
        each.cache_clear()


@pytest.mark.parametrize("short", SHORT)
def test_without_ggml_the_package_and_its_extra_are_named(short, located):
    located(None)
    with pytest.raises(MissingError, match="package libggml-python: is not installed") as caught:
        measure(synthetic()[short])
    assert "pip install 'pv-contracts[oracle]'" in caught.value.explain()


def test_a_package_without_its_libraries_is_missing_too(located, tmp_path):
    located(importlib.machinery.ModuleSpec("libggml", None, origin=str(tmp_path / "__init__.py")))
    with pytest.raises(MissingError, match=r"libggml-base\.so\.0 cannot be loaded"):
        ggml_oracle.quantize_q8k(np.zeros((1, 256), np.float32))


def test_the_oracle_is_the_pinned_one():
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"][
        "optional-dependencies"
    ]
    pinned = f"libggml-python=={importlib.metadata.version('libggml-python')}"
    assert extras["oracle"] == [pinned]
    assert any(re.fullmatch(r"pv-contracts\[(.+,)?oracle(,.+)?\]", one) for one in extras["test"])
    assert pinned in (ROOT / "requirements" / "constraints.txt").read_text().split()
    for short in SHORT:
        assert measure(synthetic()[short]).notes == (pinned.replace("==", " "),)


def test_the_oracle_is_found_without_being_imported():
    package = Path(importlib.util.find_spec("libggml").origin)
    assert ggml_oracle._folder() == package.parent / "lib64"


@pytest.mark.parametrize(
    ("one", "other", "apart"),
    [
        (1.0, 1.0, 0),
        (1.0, 1.0 + 2.0**-23, 1),
        (-1.0, -1.0 - 2.0**-23, 1),
        (0.0, -0.0, 1),
        (2.0**-149, -(2.0**-149), 3),
        (1.0, 2.0, 2**23),
    ],
)
def test_distance_in_units_of_the_last_place(one, other, apart):
    left, right = (np.array([each], np.float32) for each in (one, other))
    assert ggml_products._distance(left, right).tolist() == [apart]
    assert ggml_products._distance(right, left).tolist() == [apart]


def test_the_other_order_is_seen_on_both_routes_and_both_back_ends():
    found = numbers(measure(synthetic()["Q4K-Q8K-009"], fault="other_order"))
    assert sum(value > 0 for name, value in found.items() if name.endswith("_ulp")) == 4


def test_one_byte_of_one_block_is_counted(monkeypatch):
    sound = ggml_oracle.quantize_q4k

    def damaged(x):
        found = sound(x)
        found[3, 77] ^= 1
        return found

    monkeypatch.setattr(ggml_oracle, "quantize_q4k", damaged)
    found = numbers(measure(synthetic()["Q4K-Q8K-007"], blocks=8))
    assert (found["numpy_mismatches"], found["numba_mismatches"]) == (1, 1)
