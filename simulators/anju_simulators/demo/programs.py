"""The command lines of the programs that the demo starts, all of them from this environment's own folder."""

import sys
from collections.abc import Sequence
from pathlib import Path


def program(name: str, *arguments: object) -> list[str]:
    """`name` as it is installed beside the Python that runs this."""
    return [str(Path(sys.executable).with_name(name)), *(str(argument) for argument in arguments)]


def history(scenario: Path, days: int, out: Path, truth: Path) -> Sequence[str]:
    return program(
        "anju-simulate",
        "history",
        *("--scenario", scenario),
        *("--days", days),
        *("--out", out),
        *("--truth", truth),
        *("--format", "parquet"),
    )


def migrate(flavour: str) -> Sequence[str]:
    return program("anju", "migrate", "--flavour", flavour)


def import_history(folder: Path, community: str, label_zh: str, label_en: str) -> Sequence[str]:
    labels = ("--label-zh", label_zh, "--label-en", label_en)
    return program("anju", "import", folder, "--community", community, *labels)


def train() -> Sequence[str]:
    return program("anju", "train")


def score() -> Sequence[str]:
    return program("anju", "score")


def api(port: int) -> Sequence[str]:
    return program("anju", "api", "--port", port)


def ingest() -> Sequence[str]:
    return program("anju", "ingest")


def worker() -> Sequence[str]:
    """It gives way to the programs that have to keep up with the clock."""
    return ["nice", "-n", "10", *program("anju", "worker")]


def gateway(config: Path) -> Sequence[str]:
    return program("anju-gateway", "run", config)


def local_broker(config: Path, folder: Path, port: int) -> Sequence[str]:
    return program("anju-gateway", "local-broker", config, "--out", folder, "--port", port)


def devices(**options: object) -> Sequence[str]:
    """With its options by their names: `modbus_port=…` for --modbus-port."""
    given = ((f"--{name.replace('_', '-')}", value) for name, value in options.items())
    return program("anju-simulate", "devices", *(part for pair in given for part in pair))
