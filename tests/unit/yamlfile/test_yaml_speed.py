"""How fast the reader is: a contract of usual size, and growth with size."""

import time
from collections.abc import Callable

import pytest
from yaml._yaml import CParser

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


def best_of(rounds: int, work: Callable[[], object]) -> float:
    """Return the shortest time of several runs in seconds."""
    times = []
    for _ in range(rounds):
        began = time.process_time()
        work()
        times.append(time.process_time() - began)
    return min(times)


def split(text: str) -> None:
    """Let libyaml split a text into events, and do nothing with them."""
    parser = CParser(text)
    while parser.get_event() is not None:
        pass


@pytest.mark.bench
def test_usual_contract_costs_a_few_times_what_libyaml_does() -> None:
    data = contract(15)
    assert 4_500 < len(data) < 5_500
    assert read_text(data, "f").problems == ()
    ours = best_of(200, lambda: read_text(data, "f"))
    events = best_of(200, lambda: split(data.decode()))
    assert ours < 5 * events, f"{ours * 1e3:.2f} ms, libyaml alone {events * 1e3:.2f} ms"


@pytest.mark.bench
@pytest.mark.parametrize("end", [b"", b'x-note: "left to\\tlibyaml"\n'])
def test_time_grows_with_size_and_no_faster(end: bytes) -> None:
    small, large = contract(40) + end, contract(400) + end
    ratio = best_of(5, lambda: read_text(large, "f")) / best_of(20, lambda: read_text(small, "f"))
    assert ratio < 25
