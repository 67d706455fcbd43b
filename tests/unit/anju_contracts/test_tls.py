"""TLS as every program opens it, against a server that speaks something else."""

import gc
import socket
import threading
from pathlib import Path

import pytest

from anju_contracts.tls import client_context


def test_a_socket_whose_handshake_fails_is_closed() -> None:
    """An open one would be a ResourceWarning when it is collected, and fail this test."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def answer() -> None:
            other, _ = server.accept()
            with other:
                other.sendall(b"no TLS here\r\n" * 10)
                other.recv(4096)

        thread = threading.Thread(target=answer)
        thread.start()
        plain = socket.create_connection(server.getsockname())
        wrapped = client_context(None, None, None).wrap_socket(
            plain, server_hostname="localhost", do_handshake_on_connect=False
        )
        with pytest.raises(OSError, match="SSL"):
            wrapped.do_handshake()
        assert wrapped.fileno() == -1
        thread.join()
        gc.collect()


def test_files_that_are_no_certificates_are_refused(tmp_path: Path) -> None:
    file = tmp_path / "any.pem"
    file.write_text("nothing", encoding="utf-8")
    with pytest.raises(OSError, match="PEM"):
        client_context(None, file, file)
    with pytest.raises(FileNotFoundError):
        client_context(tmp_path / "absent.pem", None, None)
