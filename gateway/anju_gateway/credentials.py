"""Notices that the files of the uplink's certificate were replaced, so that the next session uses the new ones."""

import logging
from pathlib import Path

from anju_edge_agent.endpoint import Endpoint, tls_context

LOOK_EVERY_S = 5.0
Stamp = tuple[tuple[int, int, int], ...]
log = logging.getLogger(__name__)


class Credentials:
    """Of one session: made when it begins. Times are monotonic seconds."""

    def __init__(self, endpoint: Endpoint, *, now_s: float) -> None:
        self._endpoint = endpoint
        self._files = [file for file in (endpoint.ca_file, endpoint.cert_file, endpoint.key_file) if file is not None]
        self._seen = self._stamp()
        self._due_s = now_s + LOOK_EVERY_S

    def replaced(self, now_s: float) -> bool:
        """Whether there are other files now that fit each other. Files that don't, half of a new pair for example,
        change nothing: the session goes on with what it began with."""
        if not self._files or now_s < self._due_s:
            return False
        self._due_s = now_s + LOOK_EVERY_S
        stamp = self._stamp()
        if stamp == self._seen:
            return False
        try:
            tls_context(self._endpoint)
        except OSError as exc:
            log.warning("the new certificate can't be used; the old one stays", extra={"reason": str(exc)})
            self._seen = stamp
            return False
        return True

    def _stamp(self) -> Stamp:
        return tuple(_stamp_of(file) for file in self._files)


def _stamp_of(file: Path) -> tuple[int, int, int]:
    try:
        found = file.stat()
    except OSError:
        return (0, 0, 0)
    return (found.st_ino, found.st_mtime_ns, found.st_size)
