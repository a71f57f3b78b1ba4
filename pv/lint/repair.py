"""Fixes that rules offer: another word at a place of a contract."""

from __future__ import annotations

from collections.abc import Iterable

from pv.model.contract import Contract, Path
from pv.model.finding import Fix
from pv.yamlfile.respell import Proposal, as_fix, word_fix
from pv.yamlfile.shapes import is_slip, nearest


def nearest_fix(
    contract: Contract,
    path: Path,
    name: str,
    known: Iterable[str],
    *,
    key: bool = False,
    slip: bool = False,
) -> Fix | None:
    """Return the unsafe fix that writes the known name nearest to `name`, or None.

    With `slip` only for a slip of one letter or of case: words with a meaning of their own can be
    near each other and say the opposite, as BLOCKED and UNBLOCKED do.
    """
    meant = nearest(name, tuple(known))
    if not meant or (slip and not is_slip(name, meant)):
        return None
    return rewritten(contract, path, name, Proposal(f"write {meant}", meant, safe=False), key=key)


def rewritten(
    contract: Contract, path: Path, old: str, proposal: Proposal, *, key: bool = False
) -> Fix | None:
    """Return the fix that carries out a proposal where `old` stands; None where it does not."""
    return as_fix(contract.text, contract.span(path, key=key), old, proposal)


def word_rewritten(contract: Contract, path: Path, old: str, new: str) -> Fix | None:
    """Return the unsafe fix of one word in a longer text, such as a command; None where unclear."""
    if not old or not new:
        return None
    return word_fix(contract.text, contract.span(path), old, new, f"write {new}")
