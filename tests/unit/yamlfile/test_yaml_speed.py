"""How fast the reader is: a contract of usual size, and growth with size."""

import time

import pytest

from pv.yamlfile.read import read_text

ENTRY = """\
  - id: FALSIFY-ROW-{0:03d}
    rule: rows sum to one, case {0}
    prediction: "the sum differs from one by ≤ 1e-5"
    harness: falsifiers/softmax/rows.py::row_sums
    parameters: {{ rows: 64, columns: {0} }}
    expect:
      - {{ metric: worst, op: "<=", value: 1.0e-5, reason: the bound }}
    if_fails: |
      The reduction loses addends.
"""


def contract(entries: int) -> bytes:
    text = "falsification_tests:\n" + "".join(ENTRY.format(number) for number in range(entries))
    return text.encode()


def best_of(rounds: int, data: bytes) -> float:
    """Return the shortest time of several reads in seconds."""
    times = []
    for _ in range(rounds):
        began = time.perf_counter()
        document = read_text(data, "f")
        times.append(time.perf_counter() - began)
        assert document.problems == ()
    return min(times)


@pytest.mark.bench
def test_usual_contract_is_read_in_under_a_millisecond() -> None:
    data = contract(15)
    assert 4_500 < len(data) < 5_500
    assert best_of(200, data) < 0.8e-3


@pytest.mark.bench
def test_time_grows_with_size_and_no_faster() -> None:
    small, large = contract(50), contract(500)
    assert best_of(5, large) < 25 * best_of(20, small)
