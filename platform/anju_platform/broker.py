"""Where the platform's broker listens and how programs prove to it who they are."""

import ssl
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import unquote, urlsplit

import paho.mqtt.client as mqtt

from anju_contracts.tls import client_context
from anju_platform.config import Settings
from anju_platform.errors import ConfigurationError


@dataclass(frozen=True, slots=True)
class BrokerUrl:
    """`mqtt://[user:password@]host[:port]`, or `mqtts://` for TLS by the system's authorities."""

    host: str
    port: int
    tls: bool
    username: str | None
    password: str | None


@dataclass(frozen=True, slots=True)
class Certificates:
    """PEM files beside a mqtts:// url: the authority to trust instead of the system's, and our own certificate."""

    ca_file: Path | None = None
    cert_file: Path | None = None
    key_file: Path | None = None


NO_CERTIFICATES: Final = Certificates()


def parse_broker_url(url: str) -> BrokerUrl:
    """ConfigurationError when `url` is none."""
    wrong = ConfigurationError(f"ANJU_MQTT_URL: got {url!r}, expected mqtt://[user:password@]host[:port] or mqtts://…")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as exc:
        raise wrong from exc
    if parts.scheme not in ("mqtt", "mqtts") or not parts.hostname:
        raise wrong
    tls = parts.scheme == "mqtts"
    username = unquote(parts.username) if parts.username else None
    password = unquote(parts.password) if parts.password else None
    return BrokerUrl(parts.hostname, port or (8883 if tls else 1883), tls, username, password)


def certificates_of(settings: Settings) -> Certificates:
    """ConfigurationError when a file is not there, or a certificate comes without its key."""
    names = {
        "ANJU_MQTT_CA": settings.mqtt_ca,
        "ANJU_MQTT_CERT": settings.mqtt_cert,
        "ANJU_MQTT_KEY": settings.mqtt_key,
    }
    for name, text in names.items():
        if text and not Path(text).is_file():
            raise ConfigurationError(f"{name}: got {text!r}, expected a PEM file that exists")
    if bool(settings.mqtt_cert) != bool(settings.mqtt_key):
        raise ConfigurationError("ANJU_MQTT_CERT: expected together with ANJU_MQTT_KEY, or neither")
    ca, cert, key = (Path(text) if text else None for text in names.values())
    return Certificates(ca, cert, key)


def secure(client: mqtt.Client, url: BrokerUrl, files: Certificates) -> None:
    """Give `client` the credentials of `url` and the certificates; ConfigurationError when a file can't be used."""
    if url.username is not None:
        client.username_pw_set(url.username, url.password)
    if url.tls:
        client.tls_set_context(_context(files))


def _context(files: Certificates) -> ssl.SSLContext:
    try:
        return client_context(files.ca_file, files.cert_file, files.key_file)
    except OSError as exc:
        found = ", ".join(str(file) for file in (files.ca_file, files.cert_file, files.key_file) if file)
        raise ConfigurationError(f"ANJU_MQTT_CA, ANJU_MQTT_CERT, ANJU_MQTT_KEY: got {found}: {exc}") from exc
