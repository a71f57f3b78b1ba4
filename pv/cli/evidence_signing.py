"""`pv evidence sign` and `keygen`: who vouches for a receipt."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NamedTuple

import typer

from pv.cli.exitcodes import ExitCode
from pv.errors import UsageError

if TYPE_CHECKING:
    from pv.evidence.signing import Signed


def sign(
    key: Annotated[Path, typer.Option(help="Private Ed25519 key: PEM or OpenSSH, no password.")],
    receipts: Annotated[
        list[str] | None, typer.Argument(help="Paths or digests; else every valid receipt.")
    ] = None,
    local: Annotated[bool, typer.Option("--local", help="Receipts of .pv/receipts too.")] = False,
    root: Annotated[Path | None, typer.Option(help="Registry root.")] = None,
) -> None:
    """Sign receipts: a DSSE envelope beside each, one a key. Stale and foreign ones only by name.

    Exit 3 where there is nothing to sign.
    """
    from pv.evidence.audit import Condition, audit
    from pv.evidence.signing import private_key
    from pv.evidence.signing import sign as sign_receipt
    from pv.resources import find_root

    home = find_root(root)
    found = private_key(key)
    if receipts:
        paths = [_sound(home, each) for each in receipts]
    else:
        sound = audit(home, local=local).receipts
        paths = [each.path for each in sound if each.condition is Condition.VALID]
    signed = [sign_receipt(home, each, found) for each in paths]
    new = [path for path, is_new in signed if is_new]
    for path in new:
        typer.echo(f"signed {path}")
    code = ExitCode.OK if signed else ExitCode.NO_VERDICT
    typer.echo(f"{len(new)} signed, {len(signed) - len(new)} by this key already (exit {code:d})")
    raise typer.Exit(code)


def keygen(
    path: Annotated[Path, typer.Argument(help="Where the private key goes; PATH.pub beside it.")],
) -> None:
    """Make an Ed25519 key pair. Keep PATH to yourself; PATH.pub is what others verify with."""
    from pv.evidence.signing import make_keys

    name = make_keys(path)
    typer.echo(f"key {name[:16]}: private {path}, public {path}.pub")


def _sound(home: Path, name: str) -> str:
    from pv.evidence.audit import find
    from pv.evidence.store import Damaged

    found = find(home, name)
    if found is None:
        raise UsageError(f"no one receipt is named {name!r}", advice="pv evidence list")
    if isinstance(found, Damaged):
        raise UsageError(f"{found.path}: {found.reason}, expected a sound receipt")
    return found.path


class Vouched(NamedTuple):
    """What signatures say of the receipts of a registry."""

    signed: Mapping[str, Signed]
    """By receipt; empty where no key was given."""
    needed: bool
    """Whether a receipt without a valid signature is a finding."""
    of_nothing: tuple[str, ...]
    """Envelopes whose receipt is gone."""
    unread: int
    """Envelopes that no key was given for."""

    @property
    def failed(self) -> bool:
        """Whether there is a finding."""
        return any(True for _ in self._findings()) or bool(self.of_nothing)

    def of(self, path: str) -> dict[str, object]:
        """Return what JSON says of one receipt; nothing where no key was given."""
        found = self.signed.get(path)
        return {"signature": found.signature.value, "signed_by": found.detail} if found else {}

    def lines(self) -> Iterator[tuple[str, str]]:
        """Yield a lead and a text for everything that a reader should know."""
        from pv.evidence.signing import Signature

        findings = {each.path for each in self._findings()}
        for each in self.signed.values():
            if each.path in findings or each.signature is Signature.UNKNOWN:
                detail = f": {each.detail}" if each.detail else ""
                yield each.signature.upper(), f"{each.path}: its signature{detail}"
        for path in self.of_nothing:
            yield "MISSING", f"the receipt that {path} signs"

    @property
    def summary(self) -> str:
        """Counts for the last line, with a semicolon before them; empty where there is nothing."""
        counts = Counter(each.signature.value for each in self.signed.values())
        if counts:
            told = ", ".join(f"{number} {name}" for name, number in sorted(counts.items()))
            return f"; signatures: {told}"
        return f"; {self.unread} signatures not looked at: give --keys" if self.unread else ""

    def _findings(self) -> Iterator[Signed]:
        from pv.evidence.signing import Signature

        for each in self.signed.values():
            lacking = self.needed and each.signature is not Signature.VALID
            if each.signature is Signature.INVALID or lacking:
                yield each


def vouching(
    home: Path, receipts: Sequence[str], keys: Sequence[Path] | None, *, needed: bool, local: bool
) -> Vouched:
    """Verify the signatures of receipts with the keys given, else with those of the configuration.

    Raises UsageError where signatures are needed and no key is known.
    """
    from pv.evidence.signing import envelopes, public_key, verify, without_receipt
    from pv.lint.config import trusted_keys

    known = [public_key(each) for each in keys or trusted_keys(home)]
    if needed and not known:
        raise UsageError("--signed needs keys, expected --keys FILE or trusted_keys in pv.toml")
    found = verify(home, receipts, known, local=local) if known else []
    gone = tuple(without_receipt(home, local=local))
    unread = 0 if known else sum(map(len, envelopes(home, local=local).values()))
    return Vouched({each.path: each for each in found}, needed, gone, unread)
