"""docs/parity.md shows the figures that are on record."""

from pathlib import Path

from tests.parity.table import HEAD, agreement_rows, continuation_row, token_row

PAGE = Path(__file__).parents[3] / "docs" / "parity.md"


def test_the_page_has_every_row_of_the_table():
    page = PAGE.read_text("utf-8").splitlines()
    rows = [*HEAD, *agreement_rows()]
    assert len(rows) > 30
    assert [line for line in page if line.startswith("| ")] == rows
    assert continuation_row() in page
    assert token_row() in page
