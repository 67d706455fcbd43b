"""Keys, certificates and revocation lists (X.509 on P-256). Pure: time and keys are arguments, files are elsewhere."""

import ipaddress
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from anju_platform.errors import Invalid

MOST_NAME_CHARS: Final = 64
"""Of a common name, by X.509."""
CLOCKS_DIFFER_BY: Final = timedelta(hours=1)
"""Certificates are valid from this long before they are made: a box's clock may be behind."""
_SHA256: Final = hashes.SHA256()


class Usage(StrEnum):
    """A gateway's certificate opens connections and can't pose as the broker, and the other way round."""

    CLIENT = "client"
    SERVER = "server"


_EXTENDED: Final = {Usage.CLIENT: ExtendedKeyUsageOID.CLIENT_AUTH, Usage.SERVER: ExtendedKeyUsageOID.SERVER_AUTH}


@dataclass(frozen=True, slots=True)
class Signer:
    """The authority: its certificate and its key."""

    certificate: x509.Certificate
    key: EllipticCurvePrivateKey


@dataclass(frozen=True, slots=True)
class Validity:
    start: datetime
    end: datetime

    @classmethod
    def of(cls, now: datetime, days: float) -> "Validity":
        return cls(now - CLOCKS_DIFFER_BY, now + timedelta(days=days))


def new_key() -> EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


def make_authority(title: str, key: EllipticCurvePrivateKey, validity: Validity) -> Signer:
    """An authority that signs end certificates only, none of another authority."""
    name = _name(title)
    builder = _builder(name, name, key.public_key(), x509.random_serial_number(), validity)
    constraints = x509.BasicConstraints(ca=True, path_length=0)
    builder = builder.add_extension(constraints, critical=True).add_extension(_key_usage(signs=True), critical=True)
    return Signer(builder.sign(key, _SHA256), key)


def request(name: str, key: EllipticCurvePrivateKey) -> x509.CertificateSigningRequest:
    return x509.CertificateSigningRequestBuilder().subject_name(_name(name)).sign(key, _SHA256)


def read_request(pem: bytes) -> x509.CertificateSigningRequest:
    """A request that somebody else made; Invalid when it is none or its maker doesn't have its key."""
    try:
        found = x509.load_pem_x509_csr(pem)
        genuine = found.is_signature_valid
    except (ValueError, InvalidSignature) as exc:
        raise Invalid("request", pem[:40], f"a certificate request in PEM ({exc})") from exc
    if not genuine:
        raise Invalid("request", found.subject.rfc4514_string(), "a request signed with its own key")
    return found


def certify(
    asked: x509.CertificateSigningRequest,
    name: str,
    *,
    usage: Usage,
    signer: Signer,
    validity: Validity,
    hosts: Sequence[str],
) -> x509.Certificate:
    """A certificate for the key of `asked` that says `name`, whatever name the request asks for: the authority decides
    who somebody is. It never outlives the authority."""
    ends = min(validity.end, signer.certificate.not_valid_after_utc)
    public = asked.public_key()
    builder = _builder(
        _name(name), signer.certificate.subject, public, x509.random_serial_number(), Validity(validity.start, ends)
    )
    issuer_key = x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.key.public_key())
    return (
        builder.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_key_usage(signs=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([_EXTENDED[usage]]), critical=False)
        .add_extension(x509.SubjectAlternativeName(_alternatives(name, hosts)), critical=False)
        .add_extension(issuer_key, critical=False)
        .sign(signer.key, _SHA256)
    )


def revocation_list(
    signer: Signer, revoked: Iterable[tuple[int, datetime]], *, made_at: datetime
) -> x509.CertificateRevocationList:
    """Valid as long as the authority: a broker refuses everybody once its list is out of date."""
    builder = (
        x509.CertificateRevocationListBuilder()
        .issuer_name(signer.certificate.subject)
        .last_update(made_at - CLOCKS_DIFFER_BY)
        .next_update(signer.certificate.not_valid_after_utc)
    )
    for serial, at in revoked:
        entry = x509.RevokedCertificateBuilder().serial_number(serial).revocation_date(at)
        builder = builder.add_revoked_certificate(entry.build())
    return builder.sign(signer.key, _SHA256)


def _builder(
    subject: x509.Name, issuer: x509.Name, public: object, serial: int, validity: Validity
) -> x509.CertificateBuilder:
    if not isinstance(public, ec.EllipticCurvePublicKey):
        raise Invalid("request", type(public).__name__, "a request for a key on an elliptic curve (P-256)")
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(public)
        .serial_number(serial)
        .not_valid_before(validity.start)
        .not_valid_after(validity.end)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
    )


def _name(text: str) -> x509.Name:
    if not 1 <= len(text) <= MOST_NAME_CHARS:
        raise Invalid("name", text, f"1 to {MOST_NAME_CHARS} characters, community and gateway together")
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def _key_usage(*, signs: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs,
        key_cert_sign=signs,
        crl_sign=signs,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _alternatives(name: str, hosts: Sequence[str]) -> list[x509.GeneralName]:
    """The hosts of a server; of a client its name as a URI."""
    return [_host(host) for host in hosts] or [x509.UniformResourceIdentifier(f"anju:{name}")]


def _host(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        pass
    try:
        return x509.DNSName(host)
    except ValueError as exc:
        raise Invalid("host", host, "an IP address or a host name in ASCII") from exc
