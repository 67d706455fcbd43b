"""Where an MQTT broker listens and how to prove who we are, as configured; and how a paho client is told."""

import socket
import ssl
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from paho.mqtt.client import Client

from anju_contracts.tls import client_context
from anju_edge_agent.tables import Table

_DEFAULT_PORTS = {"mqtt": 1883, "mqtts": 8883}
_EXPECTED_URL = "mqtt://<host>[:<port>], or mqtts:// for TLS"


@dataclass(frozen=True, slots=True)
class Endpoint:
    host: str
    port: int
    tls: bool = False
    username: str | None = None
    password_file: Path | None = None
    ca_file: Path | None = None
    cert_file: Path | None = None
    key_file: Path | None = None

    def __str__(self) -> str:
        return f"{'mqtts' if self.tls else 'mqtt'}://{self.host}:{self.port}"


def read_endpoint(table: Table, folder: Path) -> Endpoint:
    """`url`, `username`, `password_file`, `ca_file`, `cert_file` and `key_file`; files relative to `folder`."""
    url = table.text("url", required=True)
    scheme, host, port = _split(url)
    if url and not host:
        table.problem("url", url, _EXPECTED_URL)
    files = {key: _file(table, key, folder) for key in ("password_file", "ca_file", "cert_file", "key_file")}
    tls = scheme == "mqtts"
    for key in ("ca_file", "cert_file", "key_file"):
        if files[key] is not None and not tls:
            table.problem(key, str(files[key]), "no certificates beside a mqtt:// url; TLS is mqtts://")
    if (files["cert_file"] is None) != (files["key_file"] is None):
        table.problem("cert_file", None, "cert_file and key_file together, or neither")
    username = table.text("username") or None
    if files["password_file"] is not None and username is None:
        table.problem("username", None, "a user name beside password_file")
    return Endpoint(host, port, tls, username, **files)


def prepare(client: Client, endpoint: Endpoint) -> None:
    """Give `client` the credentials and certificates; OSError when a file can't be used. Its packets leave at once:
    acknowledgements are small, and would wait for each other (Nagle) 40 ms at a time."""
    client.on_socket_open = _no_delay
    if endpoint.username is not None:
        file = endpoint.password_file
        client.username_pw_set(endpoint.username, file.read_text(encoding="utf-8").strip() if file else None)
    if endpoint.tls:
        client.tls_set_context(tls_context(endpoint))


def tls_context(endpoint: Endpoint) -> ssl.SSLContext:
    """OSError when a file is missing, is no certificate, or certificate and key don't belong together."""
    return client_context(endpoint.ca_file, endpoint.cert_file, endpoint.key_file)


def _no_delay(_client: Client, _data: Any, sock: Any) -> None:
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)


def _split(url: str) -> tuple[str, str, int]:
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return "", "", 0
    clean = not (parts.path.strip("/") or parts.query or parts.fragment or parts.username)
    if parts.scheme not in _DEFAULT_PORTS or not parts.hostname or not clean or port == 0:
        return "", "", 0
    return parts.scheme, parts.hostname, port or _DEFAULT_PORTS[parts.scheme]


def _file(table: Table, key: str, folder: Path) -> Path | None:
    name = table.text(key)
    if not name:
        return None
    file = folder / name
    if not file.is_file():
        table.problem(key, name, "a file that exists")
    return file
