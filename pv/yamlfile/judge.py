"""One file read, decoded and judged alone: its contract and the findings about its form."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from pv.model.contract import Contract
from pv.model.finding import Finding, Fix
from pv.model.verdict import Severity
from pv.yamlfile.codes import RULES
from pv.yamlfile.decode import Decoded, decode
from pv.yamlfile.problems import Problem
from pv.yamlfile.read import Document, read_file, read_text
from pv.yamlfile.respell import as_fix
from pv.yamlfile.schema_problems import SchemaProblem


@dataclass(frozen=True, slots=True)
class Judged:
    """One file with everything that its reading and decoding found."""

    document: Document
    decoded: Decoded
    findings: tuple[Finding, ...]

    @property
    def contract(self) -> Contract | None:
        """The contract as far as it could be read; may stand beside errors."""
        return self.decoded.contract

    @property
    def sound(self) -> bool:
        """Whether there is a contract and no error, so that it may be relied on."""
        errors = any(one.severity is Severity.ERROR for one in self.findings)
        return self.contract is not None and not errors


def judge_file(path: Path, display: str) -> Judged:
    """Read and judge the file at `path`; `display` is the name that findings carry."""
    return judge(read_file(path, display))


def judge_text(content: str | bytes, file: str) -> Judged:
    """Judge the content of a file."""
    return judge(read_text(content, file))


def judge(document: Document) -> Judged:
    """Decode a document and return its findings in the order of the text."""
    decoded = decode(document)
    name = decoded.contract.id if decoded.contract else ""
    findings = [
        *as_findings(document.problems, name),
        *as_findings(decoded.problems, name, document.text),
    ]
    return Judged(document, decoded, tuple(sorted(findings, key=Finding.sort_key)))


def as_findings(
    problems: Iterable[Problem | SchemaProblem], contract: str, text: str = ""
) -> list[Finding]:
    """Return a finding for every problem, under the rule of its code.

    `text` is what the places are in, for fixes; without it there are none.
    """
    return [
        Finding(
            rule=RULES[one.code].id,
            severity=RULES[one.code].severity,
            message=one.message,
            span=one.span,
            advice=one.advice,
            contract=contract,
            path=one.path if isinstance(one, SchemaProblem) else (),
            fix=_fix(one, text) if isinstance(one, SchemaProblem) else None,
        )
        for one in problems
    ]


def _fix(problem: SchemaProblem, text: str) -> Fix | None:
    if problem.proposal is None or not text:
        return None
    return as_fix(text, problem.span, problem.old, problem.proposal)
