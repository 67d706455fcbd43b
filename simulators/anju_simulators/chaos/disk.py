"""The gateway's disk, small enough to be filled.

Where the kernel lets us, it is a file system in memory of its own (`tmpfs`), mounted in a mount namespace that only the
gateway sees and that ends with us: as root directly, else through a user namespace. Where it doesn't (some containers),
the disk is the ordinary one, and while it is "full" the gateway's files may not grow (`file_size_limit`).
"""

import os
import resource
import shutil
import signal
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Literal, Protocol

from anju_simulators.services.errors import ServiceFailed
from anju_simulators.services.process import ServerProcess

SIZE_MB = 96
READY_WITHIN_S = 10.0
LOOK_S = 0.05
A_PAGE = 4_096
"""Smaller than the outbox ever is; what has this size and is written over takes no room on a full disk either."""
CHUNK = bytes(1024 * 1024)
DiskKind = Literal["tmpfs", "file_size_limit"]


class Disk(Protocol):
    """`enter` goes before the command of whoever shall see the disk; `folder` is where it is for them."""

    kind: DiskKind
    folder: Path
    enter: tuple[str, ...]

    def fill(self) -> None: ...

    def free(self) -> None: ...

    def close(self) -> None: ...


class SmallDisk:
    """A tmpfs of `SIZE_MB` at `folder`, in a mount namespace that a sleeping process holds."""

    kind: DiskKind = "tmpfs"

    def __init__(self, folder: Path, *, log: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder.resolve()
        own = () if os.geteuid() == 0 else ("--user", "--map-root-user")
        mount = f'mount -t tmpfs -o size={SIZE_MB}m anju "$0" && exec sleep infinity'
        command = ["unshare", "--mount", *own, "sh", "-c", mount, str(self.folder)]
        self._holder = ServerProcess(command, log=log, stop_signal=signal.SIGTERM)
        self._seen = Path(f"/proc/{self._holder.pid}/root{self.folder}")
        self._holder.await_ready(lambda: os.path.ismount(self._seen), within_s=READY_WITHIN_S)
        joined = ("--user", "--preserve-credentials") if own else ()
        self.enter = ("nsenter", f"--target={self._holder.pid}", "--mount", *joined, "--")

    def fill(self) -> None:
        """Until nothing more goes onto it."""
        with suppress(OSError), self._ballast.open("ab", buffering=0) as file:
            while file.write(CHUNK):
                pass
        with suppress(OSError), self._ballast.open("ab", buffering=0) as file:
            while file.write(b"\0"):
                pass

    def free(self) -> None:
        self._ballast.unlink(missing_ok=True)

    def close(self) -> None:
        self._holder.stop()

    @property
    def _ballast(self) -> Path:
        return self._seen / "ballast"


class LimitedDisk:
    """While it is full, no file of the process `pid` tells of may grow, whichever process that is by then."""

    kind: DiskKind = "file_size_limit"
    enter: tuple[str, ...] = ()

    def __init__(self, folder: Path, pid: Callable[[], int | None]) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder.resolve()
        self._pid = pid
        self._full = threading.Event()
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._run, name="disk", daemon=True)
        self._thread.start()

    def fill(self) -> None:
        self._full.set()

    def free(self) -> None:
        self._full.clear()
        self._limit(resource.RLIM_INFINITY)

    def close(self) -> None:
        self._closing.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._closing.wait(LOOK_S):
            if self._full.is_set():
                self._limit(A_PAGE)

    def _limit(self, most_bytes: int) -> None:
        pid = self._pid()
        if pid is None:
            return
        with suppress(ProcessLookupError):
            _, hard = resource.prlimit(pid, resource.RLIMIT_FSIZE)
            soft = hard if most_bytes == resource.RLIM_INFINITY else most_bytes
            resource.prlimit(pid, resource.RLIMIT_FSIZE, (soft, hard))


def small_disk(folder: Path, *, log: Path, pid: Callable[[], int | None]) -> Disk:
    """The better of the two that this machine allows; `pid` tells the gateway's process, if there is one."""
    if shutil.which("unshare") is not None and shutil.which("nsenter") is not None:
        with suppress(ServiceFailed):
            return SmallDisk(folder, log=log)
    return LimitedDisk(folder, pid)
