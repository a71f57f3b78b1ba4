"""What happened between two revisions: contracts, statuses, receipts, percentages."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from pv.errors import BadInputError, UsageError
from pv.evidence.shipping import fleet_at
from pv.evidence.statement import view_of
from pv.evidence.store import Damaged, checked, is_envelope
from pv.model.contract import short_id
from pv.registry.change import Verb
from pv.registry.difference import Difference
from pv.registry.git import ask
from pv.registry.revision import read_revision
from pv.registry.sides import compare_sides, side_of
from pv.report.banner import move
from pv.report.overview_view import MoveView, ReleasedView, ReleaseView

_EVIDENCE = "contracts/evidence"
_DAMAGED = "damaged"


def release(root: Path, revisions: str) -> ReleaseView:
    """Return what happened between the two revisions of `REV..REV`.

    Raises UsageError for another form, and for a revision that cannot be read.
    """
    before, dots, after = revisions.partition("..")
    if not (dots and before and after) or after.startswith("."):
        raise UsageError(
            f"{revisions!r} is no range of revisions, expected REV..REV",
            advice="name both ends, such as v1.0..HEAD",
        )
    found = compare_sides(side_of(before, root), side_of(after, root))
    changed = [each for each in found.differences if each.changes]
    rows = [*map(_released, changed)]
    rows += [ReleasedView(each.stem, f"new, {each.version}", ()) for each in found.added]
    rows += [ReleasedView(each.stem, "removed", ()) for each in found.removed]
    gone = len(_files(root, before, after, "D"))
    return ReleaseView(
        before=before,
        after=after,
        ship=tuple(_ship(root, before, after)),
        contracts=tuple(rows),
        moves=tuple(line for each in changed for line in _moves(each)),
        receipts=tuple(_verdicts(root, after, _files(root, before, after, "A"))),
        gone=str(gone) if gone else "",
        unread=tuple(f"{file}: {reason}" for file, reason in found.unread.items()),
    )


def _released(each: Difference) -> ReleasedView:
    before, after = each.before.version or "none", each.after.version or "none"
    versions = after if before == after else f"{before} → {after}"
    told = tuple(str(change) for change in each.changes if change.verb is not Verb.MOVED)
    return ReleasedView(each.after.stem, versions, told)


def _moves(each: Difference) -> Iterator[str]:
    for change in each.changes:
        if change.verb is Verb.MOVED:
            yield f"{change.part} {short_id(change.name or each.after.stem)}: {change.detail}"


def _ship(root: Path, before: str, after: str) -> Iterator[MoveView]:
    past = {each.model.id: each.standing for each in fleet_at(root, before).fleet.shipments}
    for each in fleet_at(root, after).fleet.shipments:
        yield move(past.get(each.model.id), each.standing)


def _files(root: Path, before: str, after: str, kind: str) -> list[str]:
    """Return the receipts that were added (`A`) or are gone (`D`)."""
    answer = ask(
        root,
        *("diff", "--name-only", "-z", "--relative", "--no-renames", f"--diff-filter={kind}"),
        *(before, after, "--", _EVIDENCE),
    )
    if answer.problem:
        raise UsageError(f"no comparison of {before} with {after}: {answer.problem}")
    return [each for each in answer.fields if PurePosixPath(each).suffix == ".json"]


def _verdicts(root: Path, revision: str, files: list[str]) -> list[tuple[str, str]]:
    """Return how many receipts came with each verdict; what is no receipt is counted as damaged."""
    texts = read_revision(root, revision, files).texts if files else {}
    counts = Counter(_verdict(file, texts.get(file)) for file in files if not is_envelope(file))
    return [(verdict, str(count)) for verdict, count in sorted(counts.items())]


def _verdict(file: str, text: str | None) -> str:
    if text is None:
        return _DAMAGED
    found = checked(file, PurePosixPath(file).parent.name, text.encode())
    if isinstance(found, Damaged):
        return _DAMAGED
    try:
        return view_of(found, stale=(), local=False).verdict
    except BadInputError:
        return _DAMAGED
