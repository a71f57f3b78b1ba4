"""The live falsifiers on the real derived teacher: figures to match, and runs that reach a verdict.

What the verdict is, the receipts say. Required here: a verdict at all, every planted fault red,
every harmless change green, and the published recipe marked as no chain.
"""

import numpy as np
import pytest

from pv.discharge.dispatch import discharge
from pv.discharge.plan import Request
from pv.errors import MissingError
from pv.falsifiers.ffn_gguf import published_chain
from pv.falsifiers.interface import Run
from pv.forward.teacher import derive
from pv.model.verdict import WITH_RECEIPT, Level, Verdict
from tests.unit.falsifiers_live.contract_limits import ROOT, entry

pytestmark = pytest.mark.model

NAME = "smollm2-135m-ffn-q4k"

SERIES = (
    0.549136, 0.538239, 0.479876, 5.475258, 0.006338, 0.030108, 0.339930, 0.369281, 0.622775,
    0.112711, 2.028063, 0.449626, 0.311686, 0.060807, 3.511146, 0.789140, 24.236160, 18.369069,
    0.065870, 0.171617, 0.357316, 0.420750, 0.671813, 0.544727, 0.175448, 1.197844, 0.473854,
    1.143211, 0.248365, 0.735028,
)  # fmt: skip
"""The published recipe on this teacher in percent, computed independently."""


@pytest.fixture(scope="module")
def teacher():
    try:
        return derive(NAME).path
    except MissingError as absent:
        pytest.skip(absent.explain())


@pytest.fixture(scope="module")
def recipe(teacher):
    (beside,) = entry("017").beside
    return published_chain.one_super_block_chain(Run(beside.parameters, model=teacher))


@pytest.fixture(scope="module")
def registry(tmp_path_factory):
    """A registry with our contracts whose receipts go to a temporary folder."""
    root = tmp_path_factory.mktemp("registry")
    (root / "contracts").symlink_to(ROOT / "contracts")
    (root / "falsifiers").symlink_to(ROOT / "falsifiers")
    return root


def values(measured):
    return {each.name: each.value for each in measured.metrics}


def test_the_published_recipe_gives_the_30_values(recipe):
    found = values(recipe)["rel_diff"]
    assert len(found) == len(SERIES)
    # half a unit of the last printed digit, within the 1e-6 percentage points of the record
    assert np.abs(np.array(found) - SERIES).max() <= 1e-6


@pytest.mark.parametrize(
    ("metric", "value", "tolerance"),
    [
        ("minimum", 0.006338, 1e-6),
        ("maximum", 24.236160, 1e-6),
        ("mean", 2.149506, 1e-6),
        ("median", 0.476865, 1e-6),
        ("drops", 14, 0),
        ("steady", 2, 0),
        ("outliers", 2, 0),
        ("unchained_growth", 1.3381, 5e-5),
        ("largest_difference_from_unchained", 0.0111, 5e-5),
    ],
)
def test_the_published_statistics(recipe, metric, value, tolerance):
    assert values(recipe)[metric] == pytest.approx(value, abs=tolerance)


def test_the_published_growth_and_its_two_spikes(recipe):
    (growth,) = recipe.ratios
    assert growth.numerator.value / growth.denominator.value == pytest.approx(1.3385, abs=5e-5)
    small = np.array(values(recipe)["denominator"])[[16, 17]]
    assert small == pytest.approx([0.117, 0.098], abs=5e-4)
    assert sorted(np.argsort(SERIES)[-2:]) == [16, 17]


@pytest.fixture(scope="module", params=["014", "016", "017", "018"])
def outcome(request, teacher, registry):
    asked = Request(registry, (f"FFN-GGUF-{request.param}",), live=True, model=teacher)
    ran = [each for each in discharge(asked) if each.verdict is not Verdict.NOT_RUN]
    assert len(ran) == 1
    return ran[0]


def test_a_live_run_reaches_a_verdict(outcome):
    assert outcome.verdict in WITH_RECEIPT, outcome.headline
    assert outcome.level is Level.LIVE
    assert outcome.model.name == NAME
    assert len(outcome.comparisons) == len(entry(outcome.falsifier[-3:]).expect)
    assert all(each.value is not None for each in outcome.comparisons)


def test_every_control_does_what_it_is_there_to_show(outcome):
    named = entry(outcome.falsifier[-3:])
    assert [each.name for each in outcome.controls] == [*named.controls, *named.green_controls]
    assert [each.name for each in outcome.controls if not each.as_expected] == []


def test_the_published_recipe_is_shown_beside_it_as_no_chain(outcome):
    if outcome.falsifier[-3:] not in ("016", "017"):
        assert "coupling" not in [each.guard for each in outcome.guards if each.tripped]
        return
    (beside,) = outcome.companions
    assert beside.verdict is Verdict.INCONCLUSIVE
    assert "coupling" in [each.guard for each in beside.guards if each.tripped]


def test_no_compiler_is_started_for_a_live_run(outcome):
    assert "numba" not in outcome.environment["packages"]
