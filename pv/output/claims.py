"""What a text says of a change, and what the change says to it, for people and programs."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Final

from pv import __version__
from pv.output.escape import escape
from pv.output.fold import folded
from pv.output.interface import Stream, counted
from pv.registry.said import Verdict
from pv.registry.statements import Statement

SCHEMA_VERSION: Final = "1.0"


def write_claims_text(statements: Sequence[Statement], base: str, stream: Stream) -> None:
    """Write each statement with its verdict, and one line of sum."""
    for each in statements:
        quote, reason = escape(each.quote), escape(each.reason)
        line = f"line {each.line}: {each.verdict.value.upper()}  {quote} · {reason}"
        stream.write(folded(line) + "\n")
    counts = {verdict: _count(statements, verdict) for verdict in Verdict}
    parts = [f"{number:,} {verdict.value}" for verdict, number in counts.items()]
    said = counted(len(statements), "claim")
    stream.write(folded(f"{said} against {escape(base)}: {', '.join(parts)}") + "\n")


def write_claims_json(statements: Sequence[Statement], base: str, stream: Stream) -> None:
    """Write the statements as one document, ASCII only."""
    data = {
        "schema_version": SCHEMA_VERSION,
        "tool_version": __version__,
        "base": base,
        "outcome": outcome_of(statements),
        "summary": {verdict.value: _count(statements, verdict) for verdict in Verdict},
        "claims": [
            {
                "line": each.line,
                "quote": each.quote,
                "verdict": each.verdict.value,
                "reason": each.reason,
            }
            for each in statements
        ],
    }
    json.dump(data, stream, indent=2, allow_nan=False)
    stream.write("\n")


def outcome_of(statements: Sequence[Statement]) -> str:
    """Return what statements come to together: nothing judged is an outcome of its own."""
    verdicts = {each.verdict for each in statements}
    for verdict in (Verdict.CONTRADICTED, Verdict.BORNE_OUT):
        if verdict in verdicts:
            return verdict.value
    return "nothing judged"


def _count(statements: Sequence[Statement], verdict: Verdict) -> int:
    return sum(each.verdict is verdict for each in statements)
