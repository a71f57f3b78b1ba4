"""A discharge on a model that nobody can identify.

What it finds
    A falsifier that claims to be discharged and accepts a model without a recorded sha256, so that
    no file could have been accepted: under quorum `any` none at all is recorded. And one whose own
    words say that it ran LIVE, or on a model file, where no sha256 stands in its entry at all.
Why it matters
    A file name is no model. Without a digest nobody knows what was measured, and the run cannot be
    repeated.
Example
    status: DISCHARGED
    models: { accept: [ { name: teacher-7b, architecture: qwen2, sha256: unrecorded } ] }
Instead
    status: PLANNED
    models: { accept: [ { name: teacher-7b, architecture: qwen2, sha256: unrecorded } ] }
Fix
    None: the digest has to be taken from the file.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any, Final

from pv.lint.context import Context
from pv.lint.figures.place import place
from pv.lint.rule import FixKind, GateName, Rule
from pv.lint.traits import Trait
from pv.model.contract import Contract, Falsifier
from pv.model.finding import Finding
from pv.model.verdict import Severity, State

_LIVE: Final = (
    re.compile(r"\bLIVE\b(?:[ -](?:evidence|run|pass(?:es)?|verdict))?"),
    re.compile(r"[\w./-]*\w\.(?:gguf|apr|safetensors)\b"),
    re.compile(r"\S+\s\.(?:gguf|apr|safetensors)\b"),
)
"""Words of a live run, the surest first."""
_DIGEST: Final = re.compile(r"\b[0-9a-f]{64}\b")
_ADVICE: Final = "name the model with its sha256 under models, or take the claim back"
_TOLD: Final = frozenset({"prediction", "test", "evidence", "note", "notes", "result"})


def check(contract: Contract, context: Context) -> Iterator[Finding]:
    """Yield a finding for every unrecorded model that a claimed discharge rests on."""
    words = context.lifecycle.falsifier if context.lifecycle else None
    for falsifier in contract.falsifiers:
        if not words or words.claims(falsifier.status) is not State.DISCHARGED:
            continue
        demand = falsifier.models
        if demand is None:
            yield from _in_words(contract, falsifier)
            continue
        unrecorded = [model for model in demand.accept if not model.recorded]
        if demand.quorum == "any" and len(unrecorded) < len(demand.accept):
            continue
        for model in unrecorded:
            claim = f"{falsifier.id} claims {falsifier.status}"
            message = f"{claim}, and {model.name} has no sha256 on record"
            advice = "take the claim back, or record the digest of the file that was measured"
            yield RULE.finding(contract, (*model.path, "sha256"), message, advice=advice)


def _in_words(contract: Contract, falsifier: Falsifier) -> Iterator[Finding]:
    """Yield a finding for a live claim of which nobody can tell on which file it was made."""
    entry: Any = contract.data
    for step in falsifier.path:
        entry = entry[step]
    texts = [(key, text) for key, text in entry.items() if isinstance(text, str)]
    if any(_DIGEST.search(text) for _, text in texts):
        return
    told = [(key, text) for key, text in texts if key.partition("_")[0] in _TOLD]
    for pattern in _LIVE:
        for key, text in told:
            if found := pattern.search(text):
                path = (*falsifier.path, key)
                words = " ".join(found[0].split())
                claim = f'{falsifier.id} claims {falsifier.status} on "{words}"'
                message = f"{claim}, and no model has a sha256 on record"
                finding = RULE.finding(contract, path, message, advice=_ADVICE)
                yield replace(finding, span=place(contract, path, text, *found.span()))
                return


RULE = Rule(
    id="PV-EVD-001",
    name="unrecorded-model",
    since="0.1",
    severity=Severity.ERROR,
    gate=GateName.EVIDENCE,
    fix=FixKind.NEVER,
    page=__doc__,
    about=Trait.CLAIMS,
    check=check,
)
