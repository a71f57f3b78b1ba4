"""`pv claims`: what a commit message or a pull request says, held against the change itself."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated, Final

import typer

from pv.cli.exitcodes import ExitCode
from pv.cli.text_or_json import Format
from pv.cli.text_or_json import document as document_of
from pv.errors import UsageError

_LARGEST: Final = 1 << 18
"""Bytes of a text that is read; a longer one is nothing that people wrote."""
_DOCUMENT: Final = 1 << 22
"""Bytes of a document that is read."""
_HINT: Final = (
    "say what changed in plain words: bumps C-X to 1.1.0 · adds 2 falsifiers · "
    "authored tests/x.py · F-1 is now BOUND · src/ is untouched"
)


def claims(
    base: Annotated[
        str | None,
        typer.Option(metavar="REV", help="Revision before the change; else where main was left."),
    ] = None,
    text: Annotated[
        str | None,
        typer.Option(
            metavar="FILE|-", help="The text to judge; else the messages of the commits since REV."
        ),
    ] = None,
    document: Annotated[
        list[Path] | None,
        typer.Option(
            metavar="FILE", help="A Markdown document to hold against itself, in place of a change."
        ),
    ] = None,
    root: Annotated[
        Path | None, typer.Option(help="Root of the registry; else found upwards.")
    ] = None,
    output_format: Annotated[
        Format, typer.Option("--format", help="For people or for programs.")
    ] = Format.TEXT,
) -> None:
    """Hold what a text says of a change against the change.

    It reads claims about versions, files, counts and status moves. The change is what differs
    between REV and the files on disk. Each claim that is found is borne out, contradicted, or
    cannot be judged. With --document it reads sums of tables, counts beside lists, the header over
    the table of states, citations of sections, what was refuted, and moves of a SHIP percentage.

    Exit codes: 0 no claim is contradicted · 1 one is · 2 no such revision, or a text that cannot be
    read · 3 nothing was judged: no claim was found, or none that can be judged.
    """
    as_json = output_format is Format.JSON
    if document:
        if base is not None or text is not None:
            raise UsageError("--document goes alone, expected no --base and no --text beside it")
        raise typer.Exit(_documents(document, as_json=as_json))
    raise typer.Exit(_change(root, base, text, as_json=as_json))


def _change(root: Path | None, base: str | None, text: str | None, *, as_json: bool) -> ExitCode:
    """Judge what a text, or the messages since a revision, say of the change since then."""
    from pv.output.claims import write_claims_json, write_claims_text
    from pv.output.fold import folded
    from pv.registry.base import find_base
    from pv.registry.changeset import read_change_set
    from pv.registry.lifecycle import load_lifecycle
    from pv.registry.said import Verdict
    from pv.registry.statements import judge_text
    from pv.resources import find_root

    home = find_root(root)
    since = find_base(home, base)
    change = read_change_set(home, since.revision)
    said, source = _messages(home, since.revision) if text is None else _text(text)
    statements = judge_text(said, change, load_lifecycle(home))
    write = write_claims_json if as_json else write_claims_text
    write(statements, since.name, sys.stdout)
    if since.note:
        sys.stderr.write(f"{since.note}\n")
    verdicts = {each.verdict for each in statements}
    if Verdict.CONTRADICTED in verdicts:
        return ExitCode.FINDINGS
    if Verdict.BORNE_OUT in verdicts:
        return ExitCode.OK
    found = "no claim that can be judged" if statements else "no claim was found"
    sys.stderr.write(folded(f"{found} in {source}: nothing was judged") + "\n")
    sys.stderr.write(folded(f"  do: {_HINT}", 6) + "\n")
    return ExitCode.NO_VERDICT


def _documents(files: list[Path], *, as_json: bool) -> ExitCode:
    """Judge documents by themselves, and print where they contradict themselves."""
    from pv.lint.documents.judge import judge_document
    from pv.output.escape import escape
    from pv.output.fold import hung

    found = [(file, judge_document(_text(str(file), _DOCUMENT)[0])) for file in files]
    faulty = any(each.faults for _, each in found)
    judged = sum(each.judged for _, each in found)
    code = ExitCode.FINDINGS if faulty else ExitCode.OK if judged else ExitCode.NO_VERDICT
    if as_json:
        rows = [
            {"file": str(file), "judged": each.judged, "faults": [f._asdict() for f in each.faults]}
            for file, each in found
        ]
        typer.echo(json.dumps(document_of(exit_code=int(code), documents=rows), indent=2))
        return code
    for file, each in found:
        for fault in each.faults:
            typer.echo(escape(f"{file}:{fault.line}: {fault.check}: {fault.message}"))
            typer.echo(hung("  do: ", escape(fault.advice)))
    many = sum(len(each.faults) for _, each in found)
    what = f"contradictions: {many}" if many else "no contradiction"
    told = f"{what}; counts, citations and moves looked at: {judged}"
    typer.echo(f"{told if judged or many else 'nothing was judged'} (exit {code:d})")
    return code


def _messages(root: Path, base: str) -> tuple[str, str]:
    """Return the messages of all commits since the base, oldest first, and what they are."""
    from pv.output.interface import counted
    from pv.registry.git import ask

    answer = ask(root, "log", "--reverse", "-z", "--format=%B", f"{base}..HEAD", "--")
    if answer.problem:
        raise UsageError(f"--base {base}: {answer.problem}")
    number = len(answer.fields)
    if not number:
        return "", f"the messages since {base}, of which there are none (give --base REV or --text)"
    if len(answer.output) > _LARGEST:
        raise UsageError(
            f"the messages since {base} are {len(answer.output):,} bytes, expected at most "
            f"{_LARGEST:,}",
            advice="give a nearer --base REV, or the text itself with --text FILE",
        )
    return "\n".join(answer.fields), f"{counted(number, 'message')} since {base}"


def _text(name: str, largest: int = _LARGEST) -> tuple[str, str]:
    """Return the text of a file or of standard input, and what it is called."""
    from pv.output.escape import escape

    shown = "standard input" if name == "-" else escape(name)
    try:
        if name == "-":
            data = sys.stdin.buffer.read(largest + 1)
        else:
            with Path(name).open("rb") as stream:
                data = stream.read(largest + 1)
    except OSError as error:
        raise UsageError(f"--text {shown}: {error.strerror}, expected a readable file") from error
    if len(data) > largest:
        raise UsageError(f"--text {shown}: longer than {largest:,} bytes, expected a message")
    try:
        return data.decode("utf-8-sig"), shown
    except UnicodeDecodeError as error:
        byte = f"0x{data[error.start]:02x}"
        raise UsageError(
            f"--text {shown}: byte {byte} at offset {error.start} is no UTF-8, expected UTF-8 text",
            advice="save the text as UTF-8",
        ) from None
