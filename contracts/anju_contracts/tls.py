"""How any program of a deployment opens TLS: whom it trusts and how it proves who it is."""

import ssl
from pathlib import Path


class _Handshaking(ssl.SSLSocket):
    """Closed when the handshake fails: MQTT clients only drop it, and then it stays open until it is collected."""

    def do_handshake(self, block: bool = False) -> None:
        try:
            super().do_handshake(block)
        except OSError:
            self.close()
            raise


def client_context(ca_file: Path | None, cert_file: Path | None, key_file: Path | None) -> ssl.SSLContext:
    """PEM files; without `ca_file` the system's authorities are trusted. OSError when a file is missing, is no
    certificate, or certificate and key don't belong together."""
    context = ssl.create_default_context(cafile=ca_file)
    context.sslsocket_class = _Handshaking
    if cert_file is not None:
        context.load_cert_chain(cert_file, key_file)
    return context
