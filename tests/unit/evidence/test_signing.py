"""Signatures of receipts: every byte of receipt, envelope and key counts."""

from __future__ import annotations

import base64
import hashlib
import json
import subprocess
import sys

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from typer.testing import CliRunner

from pv.cli.main import app
from pv.errors import PvError
from pv.evidence import signing
from pv.evidence.canonical import canonical_bytes
from pv.evidence.receipt import write_receipt
from pv.evidence.signing import Signature


class Signing:
    """A registry with one receipt, and two people with keys."""

    def __init__(self, home, make_outcome, place):
        self.home, self.root, self._make = home, home.root, make_outcome
        self.place = place
        self.ours, self.theirs = place / "ours", place / "theirs"
        for each in (self.ours, self.theirs):
            assert self.pv("evidence", "keygen", str(each)).exit_code == 0
        self.receipt = self.record("growth 1 <= 2")

    def record(self, headline):
        sources = {"falsifiers/toy.py": hashlib.sha256(self.home.harness.read_bytes()).hexdigest()}
        outcome = self._make(sources=sources, headline=headline)
        contract, falsifier = self.home.contract, self.home.falsifier
        return write_receipt(self.root, contract, falsifier, outcome, "c" * 40, record=True)

    def pv(self, *words):
        root = () if "keygen" in words else ("--root", str(self.root))
        return CliRunner().invoke(app, [*words, *root])

    def sign(self, key=None):
        return signing.sign(self.root, self.receipt, signing.private_key(key or self.ours))[0]

    def keys(self, *private):
        return [signing.public_key(each.with_name(f"{each.name}.pub")) for each in private]

    def found(self, *private):
        keys = self.keys(*(private or (self.ours,)))
        (found,) = signing.verify(self.root, [self.receipt], keys, local=False)
        return found

    def verify(self, *words):
        return self.pv("evidence", "verify", "--keys", f"{self.ours}.pub", *words)


@pytest.fixture
def signed(home, make_outcome, tmp_path_factory):
    return Signing(home, make_outcome, tmp_path_factory.mktemp("keys"))


def test_a_signature_is_valid_for_its_key_and_unknown_for_others(signed):
    assert signed.found().signature is Signature.UNSIGNED
    envelope = signed.sign()
    assert signed.found() == (signed.receipt, Signature.VALID, envelope.split(".")[1][:16])
    assert signed.found(signed.theirs).signature is Signature.UNKNOWN
    assert signed.found(signed.theirs, signed.ours).signature is Signature.VALID
    signed.sign(signed.theirs)
    detail = signed.found(signed.theirs, signed.ours).detail
    assert sorted(detail.split("; ")) == sorted(
        each.id[:16] for each in signed.keys(signed.ours, signed.theirs)
    )


def test_an_envelope_is_dsse_that_others_can_verify(signed):
    data = json.loads((signed.root / signed.sign()).read_bytes())
    payload = base64.b64decode(data["payload"])
    assert payload == (signed.root / signed.receipt).read_bytes()
    kind = data["payloadType"].encode()
    whole = b"DSSEv1 " + b" ".join(
        [str(len(kind)).encode(), kind, str(len(payload)).encode(), payload]
    )
    (one,) = data["signatures"]
    key = serialization.load_pem_public_key(signed.ours.with_name("ours.pub").read_bytes())
    key.verify(base64.b64decode(one["sig"]), whole)
    assert one["keyid"] == hashlib.sha256(key.public_bytes_raw()).hexdigest()


def test_the_commands_sign_and_verify(signed):
    unsigned = signed.verify("--signed")
    assert unsigned.exit_code == 1
    assert f"UNSIGNED  {signed.receipt}"[:60] in unsigned.output
    assert signed.verify().output == "1 valid; signatures: 1 unsigned (exit 0)\n"
    done = signed.pv("evidence", "sign", "--key", str(signed.ours))
    assert (done.exit_code, "1 signed, 0 by this key already" in done.output) == (0, True)
    again = signed.pv("evidence", "sign", "--key", str(signed.ours), signed.receipt)
    assert again.output == "0 signed, 1 by this key already (exit 0)\n"
    assert signed.verify("--signed").output == "1 valid; signatures: 1 valid (exit 0)\n"
    data = json.loads(signed.verify("--format", "json").output)
    assert data["receipts"][0]["signature"] == "valid"
    bare = signed.pv("evidence", "verify")
    assert bare.output == "1 valid; 1 signatures not looked at: give --keys (exit 0)\n"
    other = signed.pv("evidence", "verify", "--keys", f"{signed.theirs}.pub")
    assert (other.exit_code, "UNKNOWN KEY" in other.output) == (0, True)
    (signed.root / "pv.toml").write_text('trusted_keys = ["keys/ours.pub"]\n')
    (signed.root / "keys").mkdir()
    (signed.root / "keys/ours.pub").write_bytes(signed.ours.with_name("ours.pub").read_bytes())
    trusted = signed.pv("evidence", "verify", "--signed")
    assert trusted.output == "1 valid; signatures: 1 valid (exit 0)\n"


def test_an_envelope_is_no_receipt(signed):
    before = signed.pv("evidence", "list").output
    signed.sign()
    assert signed.pv("evidence", "list").output == before
    assert signed.pv("evidence", "export").output.count("\n") == 1


def test_a_signature_of_a_receipt_that_is_gone_is_a_finding(signed):
    signed.record("another")
    signed.sign()
    (signed.root / signed.receipt).unlink()
    for done in (signed.pv("evidence", "verify"), signed.verify()):
        assert done.exit_code == 1
        assert "MISSING" in done.output


def test_every_flipped_byte_of_receipt_and_envelope_is_caught(signed):
    envelope = signed.root / signed.sign()
    receipt = signed.root / signed.receipt
    caught, keys = 0, signed.keys(signed.ours)
    for path in (receipt, envelope):
        sound = path.read_bytes()
        for index in range(len(sound)):
            broken = bytearray(sound)
            broken[index] ^= 1 << index % 8
            path.write_bytes(broken)
            (found,) = signing.verify(signed.root, [signed.receipt], keys, local=False)
            assert found.signature is Signature.INVALID, (path.name, index)
            caught += 1
        path.write_bytes(sound)
    assert caught == len(receipt.read_bytes()) + len(envelope.read_bytes())
    assert signed.found().signature is Signature.VALID
    done = signed.verify()
    assert done.exit_code == 0


def rewritten(signed, change):
    """Write an envelope with changed parts, in canonical form."""
    path = signed.root / signed.sign()
    data = json.loads(path.read_bytes())
    change(data)
    path.write_bytes(canonical_bytes(data) + b"\n")


def other_payload(data):
    data["payload"] = base64.b64encode(b'{"verdict":"HELD"}').decode()


TAMPERED = {
    "another payload": (other_payload, "signs other bytes"),
    "another type": (lambda d: d.update(payloadType="text/plain"), "is not written as one of"),
    "another key id": (lambda d: d["signatures"][0].update(keyid="0" * 64), "its file another"),
    "another signature": (
        lambda d: d["signatures"][0].update(sig=base64.b64encode(b"x" * 64).decode()),
        "not signed by",
    ),
    "a short signature": (lambda d: d["signatures"][0].update(sig="AAAA"), "not signed by"),
    "no signature": (lambda d: d.update(signatures=[]), "no envelope with one signature"),
    "two signatures": (
        lambda d: d["signatures"].append(d["signatures"][0]),
        "no envelope with one signature",
    ),
    "one part more": (lambda d: d.update(note="x"), "is not written as one of"),
    "no base64": (lambda d: d["signatures"][0].update(sig="%%%%"), "no envelope"),
    "slack in base64": (
        lambda d: d["signatures"][0].update(sig=d["signatures"][0]["sig"][:-3] + "h=="),
        "no envelope",
    ),
    "a list": (lambda d: d.update(signatures=[[]]), "no envelope"),
}


@pytest.mark.parametrize(("change", "said"), TAMPERED.values(), ids=TAMPERED)
def test_tampering_with_an_envelope_is_told(change, said, signed):
    rewritten(signed, change)
    found = signed.found()
    assert found.signature is Signature.INVALID
    assert said in found.detail
    done = signed.verify()
    assert done.exit_code == 1
    assert "INVALID" in done.output


def test_a_payload_that_is_the_same_json_in_other_bytes_is_not_the_receipt(signed):
    receipt = signed.root / signed.receipt
    spaced = json.dumps(json.loads(receipt.read_bytes()), sort_keys=True).encode()
    rewritten(signed, lambda d: d.update(payload=base64.b64encode(spaced).decode()))
    assert "signs other bytes" in signed.found().detail


def test_the_envelope_of_another_receipt_does_not_vouch(signed):
    own = signed.root / signed.sign()
    other = signed.record("another")
    moved = (signed.root / other).with_suffix("." + own.name.split(".", 1)[1])
    moved.write_bytes(own.read_bytes())
    (found,) = signing.verify(signed.root, [other], signed.keys(signed.ours), local=False)
    assert (found.signature, "signs other bytes" in found.detail) == (Signature.INVALID, True)


def test_a_key_that_claims_the_id_of_another_does_not_vouch(signed):
    signed.sign()
    (ours,) = signed.keys(signed.ours)
    (theirs,) = signed.keys(signed.theirs)
    swapped = theirs._replace(id=ours.id)
    (found,) = signing.verify(signed.root, [signed.receipt], [swapped], local=False)
    assert found.signature is Signature.INVALID


def test_every_flipped_byte_of_a_public_key_is_another_key_or_none(signed):
    signed.sign()
    place = signed.ours.with_name("ours.pub")
    sound = place.read_bytes()
    for index in range(len(sound)):
        place.write_bytes(sound[:index] + bytes([sound[index] ^ 1]) + sound[index + 1 :])
        try:
            (found,) = signing.verify(
                signed.root, [signed.receipt], [signing.public_key(place)], local=False
            )
        except PvError:
            continue
        assert found.signature is not Signature.VALID or place.read_bytes().split() == sound.split()


def private(key, **options):
    protection = options.get("protection", serialization.NoEncryption())
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, protection
    )


REFUSED_KEYS = {
    "no key": (b"hello", "no private key"),
    "nothing": (b"", "no private key"),
    "another kind": (private(ec.generate_private_key(ec.SECP256R1())), "is not Ed25519"),
    "with a password": (
        private(
            ed25519.Ed25519PrivateKey.generate(),
            protection=serialization.BestAvailableEncryption(b"secret"),
        ),
        "without a password",
    ),
}


@pytest.mark.parametrize(("data", "said"), REFUSED_KEYS.values(), ids=REFUSED_KEYS)
def test_what_is_no_private_key_is_refused(data, said, signed):
    signed.ours.write_bytes(data)
    done = signed.pv("evidence", "sign", "--key", str(signed.ours))
    assert isinstance(done.exception, PvError)
    assert said in str(done.exception)


def test_keys_in_the_wrong_place_are_refused(signed):
    done = signed.pv("evidence", "verify", "--keys", str(signed.ours))
    assert "holds a private key, expected the public one" in str(done.exception)
    done = signed.pv("evidence", "verify", "--keys", str(signed.place / "none"))
    assert "cannot be read" in str(done.exception)
    done = signed.pv("evidence", "verify", "--signed")
    assert "--signed needs keys" in str(done.exception)
    done = signed.pv("evidence", "keygen", str(signed.ours))
    assert "is there already" in str(done.exception)
    assert signed.ours.stat().st_mode & 0o777 == 0o600


def test_what_is_not_sound_is_not_signed(signed):
    (signed.root / signed.receipt).write_text("{}")
    assert signed.pv("evidence", "sign", "--key", str(signed.ours)).exit_code == 3
    done = signed.pv("evidence", "sign", "--key", str(signed.ours), signed.receipt)
    assert "expected a sound receipt" in str(done.exception)


def test_openssl_and_openssh_keys_are_read(signed):
    key = ed25519.Ed25519PrivateKey.generate()
    encoding, private_format = serialization.Encoding.PEM, serialization.PrivateFormat.OpenSSH
    signed.ours.write_bytes(
        key.private_bytes(encoding, private_format, serialization.NoEncryption())
    )
    place = signed.ours.with_name("ours.pub")
    place.write_bytes(
        key.public_key().public_bytes(
            serialization.Encoding.OpenSSH, serialization.PublicFormat.OpenSSH
        )
    )
    signed.sign()
    assert signed.found().signature is Signature.VALID


def test_signatures_on_two_branches_merge_without_conflict(signed):
    home = signed.home
    home.start()
    home.commit("question and answer")
    for branch, key in (("left", signed.ours), ("right", signed.theirs)):
        home.git("checkout", "-q", "-b", branch, "main")
        signed.sign(key)
        home.commit(f"signed by {branch}", "contracts/evidence")
    home.git("merge", "-q", "--no-edit", "left")
    found = signed.found(signed.ours, signed.theirs)
    assert (found.signature, found.detail.count(";")) == (Signature.VALID, 1)


def test_without_the_library_signing_says_what_to_install_and_verify_works(signed, monkeypatch):
    signed.sign()
    monkeypatch.setitem(sys.modules, "cryptography.hazmat.primitives", None)
    done = signed.pv("evidence", "sign", "--key", str(signed.ours))
    assert "pip install 'pv-contracts[sign]'" in str(done.exception.advice)
    assert signed.pv("evidence", "verify").exit_code == 0


def test_verify_imports_no_cryptography_without_keys(signed):
    code = (
        "import sys; from typer.testing import CliRunner; from pv.cli.main import app;"
        f"CliRunner().invoke(app, ['evidence', 'verify', '--root', {str(signed.root)!r}]);"
        "sys.exit('cryptography' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
