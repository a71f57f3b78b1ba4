"""An integer beyond every float is no limit that anything could be compared with."""

import pytest

from pv.yamlfile.judge import judge_text

CONTRACT = """
metadata: {{ version: 1.0.0, description: d, references: [r] }}
falsification_tests:
  - id: FALSIFY-A-001
    rule: r
    prediction: p
    test: "sh x.sh"
    if_fails: f
    expect: [ {{ metric: m, op: "<=", value: {value}, reason: r, tolerance: {value} }} ]
"""


@pytest.mark.parametrize("digits", [309, 400, 4_000])
def test_a_number_that_no_float_holds_is_reported(digits):
    found = judge_text(CONTRACT.format(value="9" * digits), "a-v1.yaml").findings
    messages = [one.message for one in found if one.rule == "PV-SCH-010"]
    assert len(messages) == 2
    assert all("expected a finite number" in each and len(each) < 250 for each in messages)


def test_a_large_integer_that_a_float_holds_is_sound():
    found = judge_text(CONTRACT.format(value="9" * 300), "a-v1.yaml").findings
    assert not [one for one in found if one.rule == "PV-SCH-010"]
