"""Outcomes as JSON for programs: the same records that the text is made from."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Sequence

from pv import __version__
from pv.model.receipt import Outcome

SCHEMA_VERSION = 1


def json_of(outcomes: Sequence[Outcome], code: int) -> str:
    """Return all outcomes as one JSON document with the exit code."""
    data = {
        "schema_version": SCHEMA_VERSION,
        "tool_version": __version__,
        "exit_code": code,
        "outcomes": [dataclasses.asdict(each) for each in outcomes],
    }
    return json.dumps(data, indent=2, ensure_ascii=False) + "\n"
