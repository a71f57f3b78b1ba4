"""Guards as JSON for programs: the page of each and what it said of its examples."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from pv import __version__
from pv.discharge.guards.page import Example, Page, word
from pv.output.json import SCHEMA_VERSION


def guards_json(pages: Sequence[Page]) -> str:
    """Return one document with all these guards, ASCII only."""
    data = {
        "schema_version": SCHEMA_VERSION,
        "tool_version": __version__,
        "guards": [_guard(page) for page in pages],
    }
    return json.dumps(data, indent=2) + "\n"


def _guard(page: Page) -> dict[str, Any]:
    return {
        "name": page.name,
        "title": page.title,
        "page": {name.lower().replace(" ", "_"): text for name, text in page.parts},
        "stops": _example(page.stops),
        "leaves": _example(page.leaves),
    }


def _example(example: Example) -> dict[str, str]:
    said = example.said
    return {"about": example.about, "said": word(said), "reason": said.reason}
