"""Free ports of this machine."""

import socket

HOST = "127.0.0.1"


def is_free(port: int) -> bool:
    """Whether a server could listen on `port` now (as servers do, with address reuse)."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
    return True


def preferred_port(port: int) -> int:
    """`port` itself, or the next free one after it."""
    return free_run(port, 1)


def free_run(first: int, count: int) -> int:
    """The first of `count` free ports in a row, from `first` on; OSError when there are none."""
    for start in range(first, 65536 - count):
        if all(is_free(port) for port in range(start, start + count)):
            return start
    raise OSError(f"no {count} free ports in a row from {first} on")
