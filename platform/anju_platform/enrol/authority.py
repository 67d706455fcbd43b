"""The authority in its folder: its keys, the register, and the files that broker and platform read.

`authority.key` and `command.key` must never leave the folder; `broker/` is what the broker gets, `platform/` what the
platform's programs get, `register.jsonl` who was ever let in.
"""

import fcntl
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from anju_contracts.topics import GatewayAddress
from anju_platform.enrol import files, register
from anju_platform.enrol.certificates import (
    Signer,
    Usage,
    Validity,
    certify,
    make_authority,
    new_key,
    request,
    revocation_list,
)
from anju_platform.enrol.register import Enrolment, Issued, Revoked, State
from anju_platform.enrol.rights import PLATFORM, access_rules, listeners
from anju_platform.errors import Conflict, NotFound

AUTHORITY_DAYS: Final = 7300
SERVER_DAYS: Final = 730
BROKER: Final = "broker"
"""Neither name has a slash, so neither can be a gateway's."""


@dataclass(frozen=True, slots=True)
class Enrolled:
    """A new certificate, and its key where it was made here."""

    enrolment: Enrolment
    certificate: x509.Certificate
    key: EllipticCurvePrivateKey | None


@contextmanager
def open_authority(folder: Path) -> Iterator["Authority"]:
    """The authority in `folder`, for one at a time; NotFound where there is none."""
    if not (folder / "authority.key").exists():
        raise NotFound(f"{folder} holds no authority; `anju gateway authority {folder} --broker NAME` makes one")
    with _locked(folder):
        signer = Signer(files.read_certificate(folder / "authority.pem"), files.read_key(folder / "authority.key"))
        yield Authority(folder, signer)


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    handle = os.open(folder / "lock", os.O_RDWR | os.O_CREAT, files.SECRET)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def create_authority(folder: Path, *, title: str, now: datetime) -> bool:
    """Make the authority and the key that signs commands, unless they are there; whether they were made."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    with _locked(folder):
        if (folder / "authority.key").exists():
            return False
        command_key = Ed25519PrivateKey.generate()
        public = command_key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        files.write(folder / "command.pub", public)
        files.write_key(folder / "command.key", command_key)
        signer = make_authority(title, new_key(), Validity.of(now, AUTHORITY_DAYS))
        files.write_pem(folder / "authority.pem", signer.certificate)
        files.write_key(folder / "authority.key", signer.key)
    return True


class Authority:
    """Made by `open_authority`. Every change is in the register before anybody gets the certificate."""

    def __init__(self, folder: Path, signer: Signer) -> None:
        self.folder = folder
        self._signer = signer
        self._register = folder / "register.jsonl"

    def enrolments(self) -> list[Enrolment]:
        """Every certificate ever issued, in the order of issue."""
        return register.fold(register.read_acts(self._register))

    def of_gateway(self, address: GatewayAddress) -> list[Enrolment]:
        return [one for one in self.enrolments() if one.name == str(address)]

    def enrol(
        self,
        address: GatewayAddress,
        *,
        now: datetime,
        days: float,
        asked: x509.CertificateSigningRequest | None = None,
    ) -> Enrolled:
        """A first certificate of a gateway, or one after all others ended; Conflict while it has a valid one."""
        valid = [one.serial for one in self.of_gateway(address) if one.state(now) is State.VALID]
        if valid:
            raise Conflict(f"{address} has the valid certificate {valid[-1]}; rotate it, or revoke it first")
        return self._certify(str(address), Usage.CLIENT, now=now, days=days, asked=asked)

    def rotate(
        self,
        address: GatewayAddress,
        *,
        now: datetime,
        days: float,
        asked: x509.CertificateSigningRequest | None = None,
    ) -> Enrolled:
        """A further certificate; the old one stays valid to its end, so nothing stands still. NotFound where there is
        no valid one: who was shut out has to be enrolled again, on purpose."""
        if not any(one.state(now) is State.VALID for one in self.of_gateway(address)):
            raise NotFound(f"{address} has no valid certificate to be replaced; enrol it")
        return self._certify(str(address), Usage.CLIENT, now=now, days=days, asked=asked)

    def revoke(
        self, address: GatewayAddress, *, now: datetime, reason: str, serial: str | None = None
    ) -> list[Enrolment]:
        """End all valid certificates of a gateway, or the one with `serial`; NotFound when there is none to end."""
        mine = [one for one in self.of_gateway(address) if one.state(now) is State.VALID]
        ended = [one for one in mine if serial in (None, one.serial)]
        if not ended:
            which = f"valid certificate {serial}" if serial else "valid certificate"
            raise NotFound(f"{address} has no {which} to be revoked")
        for one in ended:
            register.append(self._register, Revoked(one.serial, now, reason))
        self.publish(now=now)
        return [replace(one, revoked_at=now, reason=reason) for one in ended]

    def equip(self, hosts: Sequence[str], *, broker_folder: str, now: datetime) -> None:
        """New certificates for the broker, known as `hosts`, and for the platform's programs, and what else they read.
        `broker_folder` is where the broker will find its files."""
        broker, platform = self.folder / BROKER, self.folder / PLATFORM
        for name, usage, folder in ((BROKER, Usage.SERVER, broker), (PLATFORM, Usage.CLIENT, platform)):
            made = self._certify(name, usage, now=now, days=SERVER_DAYS, hosts=hosts if usage is Usage.SERVER else ())
            assert made.key is not None
            files.write_key(folder / f"{name}.key", made.key)
            files.write_pem(folder / f"{name}.pem", made.certificate)
            files.write_pem(folder / "ca.pem", self._signer.certificate)
        files.write(broker / "mosquitto.conf", listeners(Path(broker_folder or broker.absolute())).encode())
        self.publish(now=now)

    def publish(self, *, now: datetime) -> None:
        """Write what the broker reads of the register; it takes effect when the broker is told to reload."""
        enrolments = self.enrolments()
        revoked = [(int(one.serial, 16), one.revoked_at) for one in enrolments if one.revoked_at is not None]
        files.write_pem(self.folder / BROKER / "crl.pem", revocation_list(self._signer, revoked, made_at=now))
        rules = access_rules(register.shut_out(enrolments, now))
        files.write(self.folder / BROKER / "access.acl", rules.encode())

    def _certify(
        self,
        name: str,
        usage: Usage,
        *,
        now: datetime,
        days: float,
        hosts: Sequence[str] = (),
        asked: x509.CertificateSigningRequest | None = None,
    ) -> Enrolled:
        key = None if asked is not None else new_key()
        csr = request(name, key) if key is not None else asked
        assert csr is not None
        made = certify(csr, name, usage=usage, signer=self._signer, validity=Validity.of(now, days), hosts=hosts)
        act = Issued(f"{made.serial_number:x}", name, now, made.not_valid_after_utc)
        register.append(self._register, act)
        self.publish(now=now)
        return Enrolled(Enrolment(act.serial, name, act.at, act.expires_at), made, key)
