"""Findings for programs that read line by line: head, files, findings, and the verdict last.

A file without its last line, the verdict, was cut off.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from pv.output.interface import Report, Stream
from pv.output.json import files_data, findings_data, head_data, verdict_data


def write_jsonl(report: Report, stream: Stream) -> None:
    """Write one JSON object a line, ASCII only; `record` says what it is."""
    for kind, data in _records(report):
        stream.write(json.dumps({"record": kind, **data}, allow_nan=False) + "\n")


def _records(report: Report) -> Iterator[tuple[str, Mapping[str, Any]]]:
    yield "run", head_data(report)
    yield from (("file", one) for one in files_data(report))
    yield from (("finding", one) for one in findings_data(report))
    yield "verdict", verdict_data(report)
