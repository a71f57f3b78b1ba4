"""docs/forward.md shows the figures that the engines have today, on the file that it names."""

from pathlib import Path

import pytest

from pv.forward.teacher import derive
from tests.unit.forward.lesson_table import rows

PAGE = Path(__file__).parents[3] / "docs" / "forward.md"
TEACHER = "smollm2-135m-ffn-q4k"


@pytest.mark.model
def test_the_page_has_the_rows_of_today():
    page = PAGE.read_text("utf-8")
    assert f"On `{TEACHER}`" in page
    found = rows(derive(TEACHER).path)
    assert len(found) == 3
    assert [each for each in found if each not in page.splitlines()] == []
