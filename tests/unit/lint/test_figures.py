"""Figures in prose: what is read, what is passed by, and that a correct rounding never alarms."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pv.lint.figures.calculation import Fault, may_state, statements
from pv.lint.figures.table import claims, tables, unlabelled
from pv.lint.figures.tally import tallies
from pv.lint.metrics import LARGEST, possible

JUDGED = [
    ("4 × 128 = 512", 512.0, None),
    ("4 × 128 = 520", 512.0, Fault.WRONG),
    ("2 + 3 * 4 = 14", 14.0, None),
    ("(2 + 3) * 4 = 20", 20.0, None),
    ("2^3^2 = 512", 512.0, None),
    ("-3 + 5 = 2", 2.0, None),
    ("1 - -1 = 2", 2.0, None),
    ("12 / 4 / 3 = 1", 1.0, None),
    ("10⁻² × 5 = 0.05", 0.05, None),
    ("1.81^(28/5) ≈ 49×", 27.7332, Fault.WRONG),
    ("1.8081^22.4 = 5.78e5", 577807.0, None),
    ("0.428329/0.077 = 5.5627", 5.56271, None),
    ("0.4391/0.077 = 5.70", 5.7026, None),
    ("0.428 × 1.81 × 50 = 38.73", 38.734, None),
    ("0.428% × 1.81× × 50×\n  ≈ 38.7%", 38.734, None),
    ("1723/38.73 = 44.5", 44.4875, None),
    ("1723/122 = 14.1", 14.123, None),
    ("1.2216/0.0670 = 18.23", 18.2328, None),
    ("1.92/1.41 = 1.36", 1.3617, None),
    ("4.59 × 3.97 = 18.22", 18.2223, None),
    ("0.077 × 5.70 × 50 × 5.56 × 14 = 1715", 1708.2, Fault.UNSUPPORTED),
    ("21 × 0.077% × (5.70/5)^log2(21/5) ≈ 1.85%", 2.12092, Fault.UNSUPPORTED),
    ("1.81 × 1.81 = 3.29", 3.2761, None),
    ("5 / 7 = 71 %", 0.714286, None),
    ("5 / 7 = 72 %", 0.714286, Fault.WRONG),
    ("4096 * 128 = 524K", 524288.0, None),
    ("4096 * 128 = 529K", 524288.0, Fault.WRONG),
    ("9 * 4096 * 4096 * 4 = ~600 MB", 603979776.0, None),
    ("22 % (= 0.077% × 5.70 × 50)", 21.945, None),
    ("floor(22079 / 4 / 128) = 43", 43.0, None),
    ("sqrt(5) = 2.24", 2.23607, None),
    ("2 x 4090 = 48 GB", 8180.0, None),
    ("2 x 4090 = 8.28 KB", 8180.0, Fault.WRONG),
    ("142/164 = 86.59", 0.865854, None),
    ("142/164 = 87.59", 0.865854, Fault.WRONG),
    ("counter <= 4 * 48 + 1 = 193", 193.0, None),
    ("size < 4 * 48 + 1 = 194", 193.0, Fault.WRONG),
    ("2 * 3 = 7 <= 9", 6.0, Fault.WRONG),
    ("128 experts × 48 layers × 3 projections = 18,432 tensors", 18432.0, None),
    ("7 projections × 36 layers = 262 matrices", 252.0, Fault.WRONG),
    ("144 bytes = 2+2+12+128", 144.0, None),
    ("146 bytes = 2+2+12+128", 144.0, Fault.WRONG),
    ("11 = 6 + 3 + 1", 10.0, Fault.WRONG),
    ("the vector is 14KB (hidden_dim=3584 × 4B)", 14336.0, None),
    ("the vector is 6KB (hidden_dim=3584 × 4B)", 14336.0, Fault.WRONG),
]
PASSED_BY = [
    "n * 3 = 6",
    "2 * 3 = 6 * n",
    "7 mod 2 + 1 = 2",
    "7 % 2 = 1",
    "2 * 3 == 5",
    "1 << 4 * 2 = 256",
    "Phase 2 = 3 + 4 layers",
    "2 × 4090 cards = 48 GB",
    "7 heads + 3 rows × 2 = 20",
    "6 (rows=3 × 4)",
    "2 * 3 <= 5",
    "2 * 3 != 5",
    "2 * 3 = 5-10",
    "2 * 3 = 5…",
    "sqrt(5) = 2.2360679...",
    "2 * 3 = 5 ± 1",
    "x_2 * 3 = 5",
    "v1.2.3 * 2 = 5",
    "f(3 * 2) = 9",
    "f(3) * 2 = 9",
    "f(a)(2) = 9",
    "17.2 GB + 1 × 2 MB = 17.2 GB",
    "1 / 0 = 5",
    "1 / 0.0 = 5",
    "(-2)^0.5 = 1",
    "10^9999 = 3",
    "log2(0) = 1",
    "3 = 4",
    "2026-05-07 = 3",
    "¹ × 2 = 3",
    "2⁻⁻ × 3 = 5",
    "0x10 * 2 = 5",
    "3 to 2 * 2 = 5",
    "3\n* 2 = 5",
    "3 * 2\n\n= 5",
]


@pytest.mark.parametrize(("text", "result", "fault"), JUDGED)
def test_a_calculation_is_read_and_judged(text: str, result: float, fault: Fault | None) -> None:
    assert may_state(text)
    (found,) = statements(text)
    assert found.result.value == pytest.approx(result, rel=2e-5)
    assert found.fault() == fault


@pytest.mark.parametrize("text", PASSED_BY)
def test_what_is_not_wholly_understood_is_passed_by(text: str) -> None:
    assert list(statements(text)) == []


def test_a_chain_is_several_statements() -> None:
    found = list(statements("18944 / 3584 = 37/7 ≈ 5.286, and 12 * 2 = 24 = 23"))
    assert [each.text for each in found] == ["37/7 ≈ 5.286", "12 * 2 = 24"]


DECIMALS = st.integers(1, 4)
VALUES = st.floats(0.01, 999.0)


@given(st.lists(st.tuples(VALUES, DECIMALS), min_size=2, max_size=5), DECIMALS)
def test_the_rounded_product_of_rounded_operands_is_never_called_wrong(
    operands: list[tuple[float, int]], places: int
) -> None:
    product = 1.0
    for value, _ in operands:
        product *= value
    printed = " × ".join(f"{value:.{decimals}f}" for value, decimals in operands)
    if any(float(f"{value:.{decimals}f}") == 0 for value, decimals in operands):
        return
    (found,) = statements(f"{printed} = {product:.{places}f}")
    assert found.fault() is not Fault.WRONG


@given(st.lists(st.integers(1, 9999), min_size=2, max_size=4), st.integers(-500, 500))
def test_a_sum_of_integers_is_right_exactly_when_it_is(operands: list[int], off: int) -> None:
    claimed = abs(sum(operands) + off)
    (found,) = statements(f"{' + '.join(map(str, operands))} = {claimed}")
    assert (found.fault() is None) == (claimed == sum(operands))


@given(st.lists(st.floats(0.001, 99.0), min_size=3, max_size=30))
def test_the_statistics_of_a_table_are_never_called_wrong_when_they_are_right(
    values: list[float],
) -> None:
    rows = "".join(f"L{number}: {value:.6f} %\n" for number, value in enumerate(values))
    mean = sum(values) / len(values)
    text = f"{rows}min: {min(values):.4f} %\nmax: {max(values):.4f} %\nmean: {mean:.4f} %\n"
    found = list(claims(text))
    assert len(found) == 3
    assert [each.fault() for each in found] == [None] * 3
    wrong = text.replace(f"mean: {mean:.4f}", f"mean: {mean + 0.01:.4f}")
    assert [each.fault() for each in claims(wrong)][2] is not None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1,252 of 1,579 (79 %)", []),
        ("1,252 of 1,579 (97 %)", ["79.3 %"]),
        ("0.5 of 10 (5 %)", []),
        ("142/164 (86.6%) and 2026/05/07 (3 %)", []),
        ("76 % (142/164)", ["86.6 %"]),
        ("335 MB (2.3% of 14.4 GB)", []),
        ("335 MB (2.3% of 24 GB)", ["1.4 %"]),
    ],
)
def test_shares_are_judged(text: str, expected: list[str]) -> None:
    assert [each.expected for each in tallies(text)] == expected


pieces = st.sampled_from(
    ["4 ", "128", " kB", "2²", "10⁻²", "%", ")", "f(", "mean", " × ", "*", " + ", " = ", "=", "≈~"]
)


@given(st.lists(pieces, min_size=3, max_size=12).map("".join))
def test_no_text_with_a_calculation_is_passed_over(text: str) -> None:
    """The look at many texts at once finds at least what the reading of one finds."""
    assert may_state(text) or not list(statements(text))
    assert may_state(f"a = b\0{text}\0f(x) <= 0.5") or not list(statements(text))


@given(st.text(alphabet="0123456789.,e×x*/^+-−=≈()% \n~⁰²⁻nL:_|DROP↓of", max_size=120))
def test_no_text_breaks_the_reader(text: str) -> None:
    list(statements(text))
    list(claims(text))
    list(unlabelled(text))
    list(tallies(text))


@pytest.mark.parametrize(
    "text",
    [
        "(" * 50_000 + "1 × 2 = 3",
        "1 × " * 20_000 + "= 3",
        "2^" * 20_000 + "2 = 3",
        "9" * 100_000 + " × 2 = 3",
        "1e999 × 2 = 3 and 1e99 ^ 9 = 4",
        "L1: 1\n" * 20_000,
        "".join(f"L{number}: 1 (0.1×\n" for number in range(9_999)),
        "5 of 7 (" * 20_000,
        "3 confirmed (" + "a, " * 40_000,
        "L1 / L2 " * 20_000,
        "-" * 100_000 + "1 * 2 = 3",
        "=" * 50_000 + " " * 50_000 + "a" * 50_000 + "=" * 50_000,
    ],
)
def test_hostile_texts_end_soon(text: str) -> None:
    start = time.process_time()
    may_state(text)
    list(statements(text))
    list(claims(text))
    list(unlabelled(text))
    list(tallies(text))
    assert time.process_time() - start < 2


def test_a_table_has_three_rows_of_one_label_and_growing_indices() -> None:
    text = "L0: 1 %\nL1: 2 %\nL2: 3 %\n\nK0: 1\nK1: 2\n\nM2: 1\nM1: 2\nM0: 3\n"
    assert [[row.name for row in table.rows] for table in tables(text)] == [["L0", "L1", "L2"]]


def test_a_number_that_no_float_holds_is_no_row_of_a_table() -> None:
    rows = "".join(f"L{index}: 5.78e578\n" for index in range(4))
    assert tables(rows) == ()
    assert list(claims(f"{rows}mean: 1e999\nL1 / L0 = 1e999\n")) == []


@pytest.mark.parametrize(
    ("metric", "range_"),
    [
        ("std_ratio", (0.0, LARGEST)),
        ("log_ratio", (-LARGEST, LARGEST)),
        ("cosine", (-1.0, 1.0)),
        ("share-of-rows", (0.0, 1.0)),
        ("drift", (-LARGEST, LARGEST)),
    ],
)
def test_a_name_tells_which_values_are_possible(metric: str, range_: tuple[float, float]) -> None:
    assert possible(metric) == range_
