"""Writing keys and certificates: whole or not at all, secrets for their owner only."""

import os
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, load_pem_private_key

from anju_platform.errors import ConfigurationError

SECRET: int = 0o600
PUBLIC: int = 0o644


def write(file: Path, content: bytes, *, mode: int = PUBLIC) -> None:
    """Replace `file` in one step: whoever reads it, a broker told to reload for example, never finds half of it."""
    file.parent.mkdir(parents=True, exist_ok=True)
    new = file.with_name(file.name + ".new")
    new.unlink(missing_ok=True)
    handle = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    with os.fdopen(handle, "wb") as target:
        os.fchmod(target.fileno(), mode)
        target.write(content)
        target.flush()
        os.fsync(target.fileno())
    new.replace(file)


def write_key(file: Path, key: EllipticCurvePrivateKey | Ed25519PrivateKey) -> None:
    write(file, key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()), mode=SECRET)


def write_pem(file: Path, thing: x509.Certificate | x509.CertificateRevocationList) -> None:
    write(file, thing.public_bytes(Encoding.PEM))


def read_key(file: Path) -> EllipticCurvePrivateKey:
    """ConfigurationError when there is none on an elliptic curve."""
    try:
        key = load_pem_private_key(file.read_bytes(), None)
    except (OSError, ValueError, TypeError) as exc:
        raise ConfigurationError(f"{file}: expected a private key in PEM without a passphrase ({exc})") from exc
    if not isinstance(key, EllipticCurvePrivateKey):
        raise ConfigurationError(f"{file}: got {type(key).__name__}, expected a key on an elliptic curve")
    return key


def read_certificate(file: Path) -> x509.Certificate:
    """ConfigurationError when there is none."""
    try:
        return x509.load_pem_x509_certificate(file.read_bytes())
    except (OSError, ValueError) as exc:
        raise ConfigurationError(f"{file}: expected a certificate in PEM ({exc})") from exc
