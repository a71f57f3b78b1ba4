"""Statuses as JSON for programs: the same records that the text is made from."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import fields, is_dataclass
from typing import Any

from pv import __version__
from pv.model.receipt import ReceiptView
from pv.model.status import ContractStatus

SCHEMA_VERSION = 1


def json_of(statuses: Sequence[ContractStatus], unread: Sequence[str], code: int) -> str:
    """Return all statuses as one JSON document; receipts by id and path, not in full."""
    data = {
        "schema_version": SCHEMA_VERSION,
        "tool_version": __version__,
        "exit_code": code,
        "unread": list(unread),
        "contracts": [{**_plain(each), "ahead": list(each.ahead)} for each in statuses],
    }
    return json.dumps(data, indent=2, ensure_ascii=False) + "\n"


def _plain(value: Any) -> Any:
    if isinstance(value, ReceiptView):
        return {
            "id": value.id,
            "path": value.path,
            "verdict": value.verdict,
            "level": value.level,
            "model": value.model.name if value.model else None,
            "post_hoc": value.post_hoc,
            "stale": list(value.stale),
            "local": value.local,
        }
    if is_dataclass(value):
        return {each.name: _plain(getattr(value, each.name)) for each in fields(value)}
    return [_plain(each) for each in value] if isinstance(value, tuple | list) else value
