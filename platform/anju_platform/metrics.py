"""Prometheus metrics of the programs that have no web server of their own."""

from collections.abc import Iterator
from contextlib import contextmanager

from prometheus_client import CollectorRegistry, start_http_server


@contextmanager
def serve_metrics(registry: CollectorRegistry, port: int) -> Iterator[None]:
    """Serve `registry` under /metrics on `port` as long as the block runs; 0 serves nothing."""
    if port == 0:
        yield
        return
    server, thread = start_http_server(port, registry=registry)
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
