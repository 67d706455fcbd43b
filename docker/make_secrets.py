"""Random passwords for docker-compose.yml, one a file, and the broker's list of accounts made from them.

`python3 docker/make_secrets.py FOLDER [GATEWAY ...]`, a gateway as community/name. What is there already stays, so
another gateway is added by calling it again. Standard library only.
"""

import base64
import hashlib
import os
import secrets
import sys
from pathlib import Path

PLATFORM = "platform"
ITERATIONS = 101
"""Mosquitto's own number; the passwords are random, so more would not make them harder to guess."""


def main() -> None:
    folder, *gateways = sys.argv[1:]
    make_secrets(Path(folder), gateways)


def make_secrets(folder: Path, gateways: list[str]) -> None:
    """The folder is closed to other accounts of this machine; the files are open to those of the containers."""
    folder.mkdir(mode=0o700, exist_ok=True)
    password_of(folder, "postgres")
    for account in (PLATFORM, *gateways):
        password_of(folder, f"mqtt_{account}")
    accounts = {path.name.removeprefix("mqtt_").replace("+", "/"): path for path in sorted(folder.glob("mqtt_*"))}
    lines = [f"{account}:{hashed(path.read_text(encoding='utf-8'))}\n" for account, path in accounts.items()]
    write(folder / "broker_accounts", "".join(lines))


def password_of(folder: Path, name: str) -> None:
    """A file of that name with a new password, unless there is one."""
    path = folder / name.replace("/", "+")
    if not path.exists():
        write(path, secrets.token_urlsafe(24))


def hashed(password: str) -> str:
    """As mosquitto_passwd writes it: $7$iterations$salt$hash, PBKDF2 with SHA-512."""
    salt = os.urandom(12)
    digest = hashlib.pbkdf2_hmac("sha512", password.encode(), salt, ITERATIONS)
    return f"$7${ITERATIONS}${base64.b64encode(salt).decode()}${base64.b64encode(digest).decode()}"


def write(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8")
    path.chmod(0o644)


if __name__ == "__main__":
    main()
