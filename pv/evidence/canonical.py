"""Canonical bytes and digests: one form for one meaning."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any, Final

from pv.errors import BadInputError
from pv.model.contract import Contract, Expectation, Falsifier

_CLAIMS: Final = ("status", "discharge_status", "evidence", "verdict", "notes", "note")
"""Keys (and their versioned forms `status_v1_2_0`) that say what came out, not what is asked."""
_JUDGED_APART: Final = ("accept", "quorum")
"""A receipt names its model; whether the contract accepts it is asked when it is read, so a model
that is added leaves the receipts of the others valid."""


def canonical_bytes(data: Any) -> bytes:
    """Return sorted, compact JSON in UTF-8: floats by `repr`, so that they read back exactly.

    Raises BadInputError for NaN, infinities and anything that is no plain data.
    """
    try:
        text = json.dumps(
            data, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
        )
    except (TypeError, ValueError) as error:
        raise BadInputError(f"no canonical form: {error}, expected plain finite data") from None
    return text.encode("utf-8", "surrogatepass")


def digest(data: Any) -> str:
    """Return the sha256 of the canonical bytes, in hexadecimal digits."""
    return hashlib.sha256(canonical_bytes(data)).hexdigest()


def entry_digest(contract: Contract, falsifier: Falsifier) -> str:
    """Return the digest of a falsifier as the contract states it, without claims of its outcome."""
    entry: Any = contract.data
    for key in falsifier.path:
        entry = entry[key]
    asked = {key: value for key, value in dict(entry).items() if not _is_claim(str(key))}
    if isinstance(asked.get("models"), Mapping):
        asked["models"] = {
            key: value for key, value in asked["models"].items() if key not in _JUDGED_APART
        }
    return digest({"contract": contract.id, "falsifier": plain(asked)})


def expect_digest(expect: Sequence[Expectation]) -> str:
    """Return the digest of the limits alone: what a result is held against."""
    return digest([plain([each.metric, each.op, each.value, each.tolerance]) for each in expect])


def question_digest(falsifier: Falsifier) -> str:
    """Return the digest of what can be chosen with a result in view: limits, parameters, controls.

    Reasons, texts and claims are left out: they may be bettered at any time.
    """
    return digest(
        plain(
            {
                "expect": expect_digest(falsifier.expect),
                "harness": falsifier.binding.text,
                "parameters": falsifier.parameters,
                "controls": falsifier.controls,
                "green_controls": falsifier.green_controls,
            }
        )
    )


def _is_claim(key: str) -> bool:
    return key in _CLAIMS or key.startswith(("status_", "discharge_status_", "evidence_"))


def plain(data: Any) -> Any:
    """Return plain data with texts as keys and lists for tuples."""
    kind = type(data)
    if kind is str or kind is float or kind is int or data is None:
        return data  # most of it, and asked of every receipt of a registry
    if kind is dict or isinstance(data, Mapping):
        return {str(key): plain(value) for key, value in data.items()}
    if isinstance(data, list | tuple):
        return [plain(value) for value in data]
    return data
