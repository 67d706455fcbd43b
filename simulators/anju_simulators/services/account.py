"""Servers never run as root: started by root, they get an unprivileged account of their own.

A user namespace is tried first: files stay root's outside and nothing has to be handed over. Where the kernel refuses
one (as in many containers), the account is `nobody`, who then owns the server's folder and keeps one right of root's:
to pass through folders that are closed to others, since the programs and the data may lie in root's home.
"""

import os
import shutil
import subprocess
from collections.abc import Sequence
from functools import cache
from pathlib import Path

from anju_simulators.services.errors import ServiceMissing

NOBODY = 65534
NAMESPACE = ("unshare", "--user", "--map-user=1000", "--map-group=1000")
SET_ACCOUNT = ("setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups")
PASS_THROUGH = ("--inh-caps=+dac_override", "--ambient-caps=+dac_override")


def unprivileged(command: Sequence[str], *, folder: Path) -> list[str]:
    """`command` such that it doesn't run as root; `folder` is what it writes to."""
    if os.geteuid() != 0:
        return list(command)
    if _namespaces_work():
        return [*NAMESPACE, *command]
    if shutil.which(SET_ACCOUNT[0]) is None:
        raise ServiceMissing(
            "root can't run this server, and neither unshare nor setpriv works here; use another account"
        )
    _hand_over(folder)
    return [*SET_ACCOUNT, *PASS_THROUGH, *command]


@cache
def _namespaces_work() -> bool:
    if shutil.which(NAMESPACE[0]) is None:
        return False
    return subprocess.run([*NAMESPACE, "true"], capture_output=True, check=False).returncode == 0  # noqa: S603


def _hand_over(folder: Path) -> None:
    for path in (folder, *folder.rglob("*")):
        os.chown(path, NOBODY, NOBODY, follow_symlinks=False)
