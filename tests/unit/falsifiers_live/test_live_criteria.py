"""Falsifiers over two engines and ship criteria on the real derived teacher, each to a verdict.

What the verdict is, the receipts say. Required here: a verdict at all, and every planted fault red.
"""

import pytest

from pv.discharge.dispatch import discharge
from pv.discharge.plan import Request
from pv.errors import MissingError
from pv.forward.teacher import derive
from pv.model.verdict import WITH_RECEIPT, Level, Verdict
from tests.unit.falsifiers_live.contract_limits import ROOT, entry

pytestmark = pytest.mark.model

SHORT = ("FFN-GGUF-003", "APR-GGUF-PARITY-003", "SHIP-DEMO-003", "SHIP-DEMO-008", "SHIP-DEMO-009")


@pytest.fixture(scope="module")
def teacher():
    try:
        return derive("smollm2-135m-ffn-q4k").path
    except MissingError as absent:
        pytest.skip(absent.explain())


@pytest.mark.parametrize("short", SHORT)
def test_a_live_run_reaches_a_verdict_with_every_control_red(short, teacher, tmp_path):
    for folder in ("contracts", "falsifiers"):
        (tmp_path / folder).symlink_to(ROOT / folder)
    ran = discharge(Request(tmp_path, (short,), live=True, model=teacher))
    (outcome,) = (each for each in ran if each.verdict is not Verdict.NOT_RUN)
    assert outcome.verdict in WITH_RECEIPT, outcome.headline
    assert outcome.level is Level.LIVE
    assert [each.name for each in outcome.controls if not each.as_expected] == []
    assert len(outcome.comparisons) == len(entry(short.removeprefix("FFN-GGUF-")).expect)
