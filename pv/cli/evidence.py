"""`pv evidence`: the receipts of a registry, checked, shown, listed and set side by side."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeAlias

import typer

from pv.cli.evidence_import import import_evidence
from pv.cli.evidence_signing import keygen, sign, vouching
from pv.cli.exitcodes import ExitCode
from pv.cli.text_or_json import Format, OutputFormat, document
from pv.errors import UsageError
from pv.escape import escape
from pv.output.fold import hung

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pv.evidence.audit import Audited
    from pv.evidence.statement import Stored

app = typer.Typer(
    help="Look at receipts, check them, import, compare and sign them.",
    no_args_is_help=True,
    rich_markup_mode=None,
)
app.command("import")(import_evidence)
app.command()(sign)
app.command()(keygen)


_Root: TypeAlias = Annotated[Path | None, typer.Option(help="Registry root.")]
_Local: TypeAlias = Annotated[bool, typer.Option("--local", help="Receipts of .pv/receipts too.")]
_Receipt: TypeAlias = Annotated[str, typer.Argument(help="Path or digest of a receipt.")]


@app.command("list")
def list_receipts(
    local: _Local = False, output_format: OutputFormat = Format.TEXT, root: _Root = None
) -> None:
    """List every receipt with its verdict and condition; with none, exit 3."""
    found = _audited(root, local=local, again=False)
    if output_format is Format.JSON:
        _print_json({"receipts": [_data(each) for each in found]})
    for each in found if output_format is Format.TEXT else ():
        verdict = each.receipt.verdict if each.receipt else "-"
        typer.echo(f"{each.condition:<9} {verdict:<13} {each.path}")
    if not found:
        typer.echo("no receipt\n  do: pv discharge --all --record", err=True)
        raise typer.Exit(ExitCode.NO_VERDICT)


@app.command()
def verify(
    against: Annotated[
        Path | None, typer.Option(help="A list that `export` wrote: each of it must be there.")
    ] = None,
    keys: Annotated[
        list[Path] | None,
        typer.Option(help="Public keys to verify signatures with; else trusted_keys."),
    ] = None,
    signed: Annotated[
        bool, typer.Option("--signed", help="Exit 1 where a receipt has no signature by them.")
    ] = False,
    local: _Local = False,
    output_format: OutputFormat = Format.TEXT,
    root: _Root = None,
) -> None:
    """Hash everything again: exit 1 for a damaged, orphaned or missing receipt; stale is named.

    With keys signatures are verified too: exit 1 for an invalid one. A signature whose receipt is
    gone is a finding with or without keys.
    """
    from pv.evidence.audit import Condition, digest_list
    from pv.resources import find_root

    home = find_root(root)
    found = _audited(home, local=local)
    listed = dict(digest_list(found, home))
    missing = [path for digest, path in _wanted(against) if digest not in listed]
    vouched = vouching(home, [each.path for each in found], keys, needed=signed, local=local)
    bad = [each for each in found if each.condition in (Condition.DAMAGED, Condition.ORPHANED)]
    failed = bad or missing or vouched.failed
    code = ExitCode.FINDINGS if failed else ExitCode.OK if found else ExitCode.NO_VERDICT
    if output_format is Format.JSON:
        rows = [_data(each) | vouched.of(each.path) for each in found]
        more = {"missing": missing, "signatures_of_nothing": list(vouched.of_nothing)}
        _print_json({"exit_code": int(code), "receipts": rows, **more})
        raise typer.Exit(code)
    counts = _tell(found, missing)
    for lead, text in vouched.lines():
        _wrapped(f"{lead:<9} ", text)
    typer.echo(f"{counts or 'no receipt'}{vouched.summary} (exit {code:d})")
    raise typer.Exit(code)


def _tell(found: Sequence[Audited], missing: Sequence[str]) -> str:
    """Print what is wrong with receipts, and return how many there are of each condition."""
    from pv.evidence.audit import Condition

    for each in found:
        if each.condition not in (Condition.VALID, Condition.FOREIGN):
            detail = each.reason or f"changed since: {', '.join(each.moved)}"
            _wrapped(f"{each.condition.upper():<9} ", f"{each.path}: {detail}")
    for path in missing:
        _wrapped("MISSING   ", f"{path}: it is on the list and not here, or has other bytes")
    counted = Counter(each.condition for each in found)
    counts = [f"{counted[kind]} {kind}" for kind in Condition if counted[kind]]
    return ", ".join([*counts, *([f"{len(missing)} missing"] if missing else [])])


@app.command()
def history(
    falsifier: Annotated[
        str | None, typer.Argument(help="Falsifier by id or short form; else all.")
    ] = None,
    local: _Local = False,
    output_format: OutputFormat = Format.TEXT,
    root: _Root = None,
) -> None:
    """Tell what came out when, oldest first: every verdict that is on record, stale ones too."""
    from pv.evidence.audit import timeline
    from pv.model.contract import short_id

    told = timeline(_audited(root, local=local, again=False))
    if falsifier is not None:
        wanted = falsifier.upper()
        told = [
            each
            for each in told
            if wanted in (each.falsifier.upper(), short_id(each.falsifier).upper())
        ]
    if output_format is Format.JSON:
        _print_json({"verdicts": [each._asdict() for each in told]})
    for each in told if output_format is Format.TEXT else ():
        lead = f"{each.started or 'no date':<20} {each.verdict:<13} {each.condition:<8} "
        model = f" on {each.model}" if each.model else ""
        _wrapped(lead, f"{short_id(each.falsifier)} {each.level}{model} [{each.id}]")
    if not told:
        about = f" of {falsifier}" if falsifier else ""
        typer.echo(f"no verdict{about} is on record\n  do: pv discharge --record", err=True)
        raise typer.Exit(ExitCode.NO_VERDICT)


@app.command()
def show(receipt: _Receipt, root: _Root = None) -> None:
    """Print one receipt, indented."""
    typer.echo(json.dumps(_found(root, receipt).statement, indent=2, ensure_ascii=False))


@app.command()
def export(local: _Local = False, root: _Root = None) -> None:
    """Print sha256 and path of every receipt, as sha256sum does: keep it where it cannot be cut."""
    from pv.evidence.audit import digest_list
    from pv.resources import find_root

    home = find_root(root)
    found = digest_list(_audited(home, local=local), home)
    for digest, path in found:
        typer.echo(f"{digest}  {path}")
    if not found:
        typer.echo("no receipt\n  do: pv discharge --all --record", err=True)
        raise typer.Exit(ExitCode.NO_VERDICT)


@app.command()
def compare(
    one: _Receipt,
    other: _Receipt,
    everything: Annotated[bool, typer.Option("--all", help="What both sides share too.")] = False,
    root: _Root = None,
) -> None:
    """Set two receipts of one falsifier side by side: exit 1 where their verdicts differ."""
    from pv.evidence.audit import side_by_side

    left, right = _found(root, one), _found(root, other)
    names = [each.statement["predicate"]["falsifier"] for each in (left, right)]
    if names[0] != names[1]:
        raise UsageError(
            f"{left.path} is about {names[0]}, {right.path} about {names[1]}, "
            "expected one falsifier"
        )
    typer.echo(f"{names[0]}: {left.id} | {right.id}")
    for heading, rows in side_by_side(left.statement, right.statement).items():
        differing = [row for row in rows if everything or not row.same]
        same = len(rows) - sum(not row.same for row in rows)
        typer.echo(f"\n{heading}: {len(rows) - same} differ, {same} the same")
        for row in differing:
            _wrapped(f"  {'=' if row.same else '≠'} ", row.name)
            _wrapped("      ", row.one or "(nothing)")
            if not row.same:
                _wrapped("      ", row.other or "(nothing)")
    verdicts = {each.statement["predicate"]["verdict"] for each in (left, right)}
    raise typer.Exit(ExitCode.OK if len(verdicts) == 1 else ExitCode.FINDINGS)


def _audited(root: Path | None, *, local: bool, again: bool = True) -> Sequence[Audited]:
    """Return all receipts; read again, or where that is not asked for, as the index has them."""
    from pv.evidence.audit import audit
    from pv.evidence.index import Index
    from pv.resources import find_root

    home = find_root(root)
    index = Index(home)
    found = audit(home, local=local, read=None if again else index.read)
    index.save()
    for file in found.unread:
        typer.echo(f"NOT JUDGED {file}: it cannot be read, so its receipts are orphans", err=True)
    return found.receipts


def _found(root: Path | None, name: str) -> Stored:
    from pv.evidence.audit import find
    from pv.evidence.store import Damaged
    from pv.resources import find_root

    found = find(find_root(root), name)
    if found is None:
        raise UsageError(f"no one receipt is named {name!r}", advice="pv evidence list")
    if isinstance(found, Damaged):
        raise UsageError(f"{found.path}: {found.reason}", advice="pv evidence verify")
    return found


def _wanted(against: Path | None) -> list[tuple[str, str]]:
    """Return digest and path of each line of a list. Raises UsageError for what is none."""
    if against is None:
        return []
    try:
        lines = against.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as fault:
        raise UsageError(f"{against}: cannot be read as a list of receipts ({fault})") from None
    wanted = [(digest, path) for digest, _, path in (line.partition("  ") for line in lines)]
    for number, (digest, path) in enumerate(wanted, 1):
        if len(digest) != 64 or not path:
            raise UsageError(f"{against}:{number}: expected a sha256, two blanks and a path")
    return wanted


def _data(each: Audited) -> dict[str, object]:
    return {
        "path": each.path,
        "falsifier": each.falsifier,
        "condition": each.condition.value,
        "verdict": each.receipt.verdict.value if each.receipt else None,
        "post_hoc": each.receipt.post_hoc if each.receipt else None,
        "moved": list(each.moved),
        "reason": each.reason,
    }


def _print_json(data: dict[str, object]) -> None:
    typer.echo(json.dumps(document(**data), indent=2, ensure_ascii=False))


def _wrapped(lead: str, text: str) -> None:
    typer.echo(hung(lead, escape(text)))
