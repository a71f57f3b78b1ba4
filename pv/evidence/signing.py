"""Signatures of receipts: Ed25519 over a DSSE envelope that lies beside the receipt.

A digest shows that a file is what it was; a signature shows who vouches for it. Each key signs in a
file of its own, so two people who sign one receipt on two branches merge without conflict. What is
verified is the raw bytes of receipt and envelope: nothing is read back, sorted and compared.
`cryptography` is imported here alone, and only when something is signed or verified.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import os
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from pv.errors import BadInputError, MissingError, UsageError
from pv.evidence.canonical import canonical_bytes
from pv.evidence.store import ENVELOPE, LARGEST, SHOWN, folders, write_durably

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import (
        Ed25519PrivateKey,
        Ed25519PublicKey,
    )

PAYLOAD_TYPE: Final = "application/vnd.in-toto+json"
_NAME: Final = re.compile(ENVELOPE)
_KEY: Final = 1 << 16
"""Bytes of a file with a key that are read."""
_EXTRA: Final = "pip install 'pv-contracts[sign]'"


class Signature(StrEnum):
    """What is found of a receipt's signatures, from worst to best."""

    INVALID = "invalid"
    """An envelope that does not sign these bytes by the key that it names."""
    UNSIGNED = "unsigned"
    UNKNOWN = "unknown key"
    """Signed by a key that is not among those given: nothing is known of it."""
    VALID = "valid"


class Signed(NamedTuple):
    """The signatures of one receipt, taken together."""

    path: str
    signature: Signature
    detail: str = ""
    """Why one is invalid, or the ids of the keys that signed."""


class Key(NamedTuple):
    """A key to verify with."""

    id: str
    """sha256 of its 32 bytes."""
    public: Ed25519PublicKey
    file: str


# Keys


def make_keys(path: Path) -> str:
    """Write a new private key, readable to its owner alone, and `.pub` beside it; return its id.

    Raises UsageError where one of the files is there already.
    """
    ed25519, serialization = _library()
    private = ed25519.Ed25519PrivateKey.generate()
    public = private.public_key()
    secret = private.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    shown = public.public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    for place, data, mode in ((path, secret, 0o600), (Path(f"{path}.pub"), shown, 0o644)):
        try:
            handle = os.open(place, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
        except FileExistsError:
            raise UsageError(f"{place} is there already, expected no file") from None
        except OSError as error:
            raise UsageError(f"{place} cannot be written: {error.strerror}") from None
        with os.fdopen(handle, "wb") as file:
            file.write(data)
    return _id(public)


def private_key(path: Path) -> Ed25519PrivateKey:
    """Return the private key of a PEM file. Raises BadInputError for any other content."""
    ed25519, serialization = _library()
    from cryptography.exceptions import UnsupportedAlgorithm  # noqa: PLC0415 - an extra

    data = _content(path)
    try:
        load = serialization.load_pem_private_key
        if b"OPENSSH PRIVATE KEY" in data:
            load = serialization.load_ssh_private_key
        found = load(data, password=None)
    except (ValueError, TypeError, LookupError, UnsupportedAlgorithm) as error:
        raise BadInputError(
            f"{path}: no private key that can be read without a password: {_first(error)}"
        ) from None
    if not isinstance(found, ed25519.Ed25519PrivateKey):
        raise BadInputError(f"{path}: the key is not Ed25519, expected an Ed25519 private key")
    private: Ed25519PrivateKey = found
    return private


def public_key(path: Path) -> Key:
    """Return the key of a file with a public key. Raises BadInputError for any other content."""
    ed25519, serialization = _library()
    data = _content(path)
    if b"PRIVATE KEY" in data:
        raise BadInputError(f"{path} holds a private key, expected the public one: {path}.pub")
    from cryptography.exceptions import UnsupportedAlgorithm  # noqa: PLC0415 - an extra

    ssh = data.startswith(b"ssh-")
    load = serialization.load_ssh_public_key if ssh else serialization.load_pem_public_key
    try:
        found = load(data)
    except (ValueError, TypeError, LookupError, UnsupportedAlgorithm) as error:
        raise BadInputError(f"{path}: no public key: {_first(error)}") from None
    if not isinstance(found, ed25519.Ed25519PublicKey):
        raise BadInputError(f"{path}: the key is not Ed25519, expected an Ed25519 public key")
    return Key(_id(found), found, str(path))


def _library() -> tuple[Any, Any]:
    try:
        from cryptography.hazmat.primitives import serialization  # noqa: PLC0415 - an extra
        from cryptography.hazmat.primitives.asymmetric import ed25519  # noqa: PLC0415 - an extra
    except ImportError:
        raise MissingError(
            "cryptography is not installed, which signatures need", advice=_EXTRA
        ) from None
    return ed25519, serialization


def _id(public: Ed25519PublicKey) -> str:
    return hashlib.sha256(public.public_bytes_raw()).hexdigest()


def _content(path: Path) -> bytes:
    try:
        with path.open("rb") as file:  # it may be a pipe: keys are handed over so
            return file.read(_KEY)
    except OSError as error:
        raise UsageError(f"key {path} cannot be read: {error.strerror}") from None


def _first(error: Exception) -> str:
    return (str(error) or type(error).__name__).splitlines()[0][:120]


# Signing


def sign(root: Path, receipt: str, key: Ed25519PrivateKey) -> tuple[str, bool]:
    """Sign the bytes of a receipt; return the path of the envelope, and whether it is a new one.

    A key signs a receipt in one way only, so signing again writes nothing.
    """
    data = (root / receipt).read_bytes()
    name = _id(key.public_key())
    envelope = {
        "payloadType": PAYLOAD_TYPE,
        "payload": base64.b64encode(data).decode("ascii"),
        "signatures": [
            {"keyid": name, "sig": base64.b64encode(key.sign(_encoded(data))).decode("ascii")}
        ],
    }
    target = (root / receipt).with_suffix(f".{name}.dsse.json")
    whole = canonical_bytes(envelope) + b"\n"
    shown = target.relative_to(root).as_posix()
    if target.is_file() and target.read_bytes() == whole:
        return shown, False
    try:
        write_durably(target.parent, target.name, whole)
    except OSError as error:
        raise BadInputError(f"{shown} cannot be written: {error.strerror}") from None
    return shown, True


def _encoded(payload: bytes) -> bytes:
    """Return what DSSE signs: type and payload with their lengths, so that neither can shift."""
    kind = PAYLOAD_TYPE.encode("ascii")
    return b"DSSEv1 %d %s %d %s" % (len(kind), kind, len(payload), payload)


# Verifying


def envelopes(root: Path, *, local: bool) -> dict[str, list[str]]:
    """Return path of each receipt that has envelopes, with theirs; the receipt may be gone."""
    found: dict[str, list[str]] = {}
    for folder in folders(root, local=local):
        names = os.listdir(root / folder)  # noqa: PTH208 - of Paths it would be thrice the time
        for name in sorted(names):
            if _NAME.fullmatch(name):
                receipt = f"{folder}/{name[:SHOWN]}.json"
                found.setdefault(receipt, []).append(f"{folder}/{name}")
    return found


def verify(
    root: Path, receipts: Iterable[str], keys: Sequence[Key], *, local: bool
) -> list[Signed]:
    """Return what signatures say of each receipt.

    One invalid envelope makes a receipt INVALID whatever the others are; one valid signature by a
    given key makes it VALID.
    """
    beside = envelopes(root, local=local)
    known = {each.id: each for each in keys}
    return [_together(root, each, beside.get(each, []), known) for each in receipts]


def _together(root: Path, receipt: str, beside: Sequence[str], known: Mapping[str, Key]) -> Signed:
    if not beside:
        return Signed(receipt, Signature.UNSIGNED)
    found = [_one(root, receipt, each, known) for each in beside]
    for worst in (Signature.INVALID, Signature.VALID, Signature.UNKNOWN):
        told = [detail for signature, detail in found if signature is worst]
        if told:
            return Signed(receipt, worst, "; ".join(told))
    return Signed(receipt, Signature.UNSIGNED)


def _one(
    root: Path, receipt: str, envelope: str, known: Mapping[str, Key]
) -> tuple[Signature, str]:
    """Return what one envelope shows, and its key or what is wrong with it."""
    try:
        name, signature = _opened(root, receipt, envelope)
    except (OSError, BadInputError) as error:
        return Signature.INVALID, f"{envelope}: {error}"
    key = known.get(name)
    if key is None:
        return Signature.UNKNOWN, name[:SHOWN]
    from cryptography.exceptions import InvalidSignature  # noqa: PLC0415 - an extra

    try:
        key.public.verify(signature, _encoded((root / receipt).read_bytes()))
    except InvalidSignature:
        return Signature.INVALID, f"{envelope}: not signed by {name[:SHOWN]}"
    return Signature.VALID, name[:SHOWN]


def _opened(root: Path, receipt: str, envelope: str) -> tuple[str, bytes]:
    """Return key id and signature of an envelope. Raises BadInputError where it is at odds.

    Its bytes have to be those that `sign` writes: then no byte can change without being noticed.
    """
    place = root / envelope
    if place.is_symlink() or place.stat().st_size > 2 * LARGEST:
        raise BadInputError("is a link, or too large")
    data = place.read_bytes()
    try:
        parts = json.loads(data)
        (one,) = parts["signatures"]
        payload, signature = (_decoded(each) for each in (parts["payload"], one["sig"]))
        name = str(one["keyid"])
        same = set(parts) == {"payload", "payloadType", "signatures"} and set(one) == {
            "keyid",
            "sig",
        }
        sound = same and canonical_bytes(parts) + b"\n" == data
    except (ValueError, TypeError, KeyError, RecursionError, BadInputError):
        raise BadInputError("is no envelope with one signature") from None
    if not sound or parts["payloadType"] != PAYLOAD_TYPE:
        raise BadInputError(f"is not written as one of {PAYLOAD_TYPE}")
    if place.name.split(".")[1] != name:
        raise BadInputError(f"names key {name[:SHOWN]}, its file another")
    if payload != (root / receipt).read_bytes():
        raise BadInputError("signs other bytes than the receipt's")
    return name, signature


def _decoded(text: str) -> bytes:
    data = base64.b64decode(text, validate=True)
    if base64.b64encode(data).decode("ascii") != text:
        raise binascii.Error("not canonical")
    return data


def without_receipt(root: Path, *, local: bool) -> Iterator[str]:
    """Yield the envelopes whose receipt is gone: what was vouched for is not here."""
    for receipt, beside in envelopes(root, local=local).items():
        if not (root / receipt).is_file():
            yield from beside
