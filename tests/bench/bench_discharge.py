"""What the engine costs beside the falsifiers: time for each of many that cost nothing."""

from __future__ import annotations

import sys

import pytest

from tests.soak.night_run import night

pytestmark = pytest.mark.bench


def test_the_overhead_of_a_falsifier_stays_under_50_ms(capsys):
    """Process start, contracts, git and receipts included; one at a time."""
    found = night(300, 1)
    with capsys.disabled():
        sys.stdout.write(
            f"\noverhead: {found['ms_each']} ms a falsifier"
            f" ({found['cpu_ms_of_the_run_each']} ms of processor time),"
            f" {found['own_mib_at_the_end']} MiB\n"
        )
    assert found["receipts"] == 300
    assert found["cpu_ms_of_the_run_each"] < 50
