"""Contracts judged as they are read, before the others are known, and let go at once.

Most rules look at one contract alone. Those that ask about others wait until all are read: asking
too early raises `NotYetError`, and the rule is named among those that wait. So no contract stays in
memory, and any process can do the work; what comes out is texts.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any, NamedTuple

from pv.lint.context import Context
from pv.lint.engine import judge_contract
from pv.lint.kept import Facts, Label, facts_of
from pv.lint.rows import facts_text, form_text, part_text
from pv.model.contract import Contract
from pv.registry.index import NotYetError, Registry
from pv.stamps import speaks_of_passed_folders
from pv.yamlfile.judge import Judged


class AheadRegistry(Registry):
    """A registry of which the files are known and no contract is read."""

    def __init__(self, root: Path, files: Iterable[str]) -> None:
        self.root = root
        self._files = tuple(files)

    @property
    def contracts(self) -> tuple[Contract, ...]:  # type: ignore[override] # an attribute there
        """Nothing to be had yet."""
        raise NotYetError

    @property
    def files(self) -> tuple[str, ...]:
        """As `Registry.files`; files that hold no contract are among them."""
        return self._files


class Sheet(NamedTuple):
    """What is known of one file after it was judged alone; texts as in the rows of the cache."""

    digest: str
    form: str
    facts: str
    part: str
    """Findings and counts, as far as they need no other contract; empty where none was judged."""
    waits: tuple[str, ...] = ()
    """Ids of the rules that have to be asked again when all contracts are known."""
    keep: bool = False
    """Whether the part may be kept."""
    known: tuple[Any, ...] | None = None
    """What `facts` says, for the run that has just found it out."""


def form_of(judged: Judged) -> tuple[str, Facts | None]:
    """Return label with findings as a text, and facts where there is a contract."""
    contract = judged.contract
    if contract is None:
        return form_text(None, judged.findings), None
    label = Label(contract.id, contract.version, contract.dialect.value)
    return form_text(label, judged.findings), facts_of(contract)


def sheet_of(judged: Judged, digest: str, context: Context | None) -> Sheet | None:
    """Return the sheet of a file, judged where there is a `context`; None where a rule crashed."""
    form, facts = form_of(judged)
    known = facts and tuple(facts)
    sheet = Sheet(digest, form, facts_text(facts), "", known=known)
    if judged.contract is None or context is None:
        return sheet
    found = judged_part(judged.contract, context)
    if found is None:
        return None
    part, waits, keep = found
    return sheet._replace(part=part, waits=waits, keep=keep)


def judged_part(contract: Contract, context: Context) -> tuple[str, tuple[str, ...], bool] | None:
    """Return part, rules that wait, and whether to keep it; None where a rule crashed."""
    part = judge_contract(contract, context)
    if part.crashes:
        return None
    keep = not speaks_of_passed_folders(contract.text)
    return part_text(part.findings, part.counts), tuple(part.waits), keep
