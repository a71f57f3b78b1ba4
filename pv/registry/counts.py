"""What the lists of a contract come to: the numbers that a summary may quote."""

from __future__ import annotations

from collections.abc import Iterator

from pv.model.contract import Contract
from pv.model.lifecycle import Vocabulary
from pv.model.verdict import State


def exact(contract: Contract, words: Vocabulary | None = None) -> Iterator[tuple[str, str, int]]:
    """Yield (key of `verification_summary`, what it counts, how many there are).

    With the words of falsifiers, older ones for DISCHARGED (such as PASS) count as well.
    """
    falsifiers = len(contract.falsifiers)
    proofs = contract.data.get("kani_harnesses")
    claims = [each.status for each in contract.falsifiers if each.status]
    discharged = sum(_discharged(claim, words) for claim in claims)
    yield "total_obligations", "obligations", len(contract.obligations)
    yield "total_equations", "equations", len(contract.equations)
    for key in ("total_falsifiers", "total_falsification_tests", "falsification_tests"):
        yield key, "falsifiers", falsifiers
    yield "total_kani_harnesses", "proof harnesses", len(proofs) if isinstance(proofs, list) else 0
    yield "discharged", "falsifiers that claim DISCHARGED", discharged
    theorems = list(_theorems(contract))
    if theorems:
        proved, open_ends = theorems.count("proved"), theorems.count("sorry")
        yield "l4_lean_proved", "obligations with a proved theorem", proved
        yield "l4_sorry_count", "obligations with a theorem that says sorry", open_ends


def _theorems(contract: Contract) -> Iterator[str]:
    """Yield the status of each Lean theorem that obligations name."""
    for obligation in contract.data.get("proof_obligations") or ():
        lean = obligation.get("lean") if isinstance(obligation, dict) else None
        if isinstance(lean, dict) and isinstance(lean.get("status"), str):
            yield lean["status"].strip().lower()


def _discharged(status: str, words: Vocabulary | None) -> bool:
    return status == State.DISCHARGED or bool(words and words.claims(status) is State.DISCHARGED)
