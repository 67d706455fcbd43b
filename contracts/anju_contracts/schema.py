"""JSON Schema of every message, for producers that are not written in Python. `make schemas` writes them."""

import sys
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

import msgspec

from anju_contracts.account import Account
from anju_contracts.birth import Birth
from anju_contracts.command import Command, CommandResponse
from anju_contracts.event import EventMessage
from anju_contracts.receipt import Receipt
from anju_contracts.senml import SenmlRecord
from anju_contracts.state import GatewayState

MESSAGES: Final = MappingProxyType(
    {
        "birth": Birth,
        "state": GatewayState,
        "telemetry": list[SenmlRecord],
        "event": EventMessage,
        "account": Account,
        "receipt": Receipt,
        "command": Command,
        "command-response": CommandResponse,
    }
)


def schema_of(message: str) -> dict[str, Any]:
    """The schema (2020-12) of one of MESSAGES. It tells shapes; the decoders also check names, units and sums."""
    schema: dict[str, Any] = msgspec.json.schema(MESSAGES[message])
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": f"Anju {message}", **schema}


def write_schemas(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for message in MESSAGES:
        text = msgspec.json.format(msgspec.json.encode(schema_of(message)), indent=2)
        (folder / f"{message}.schema.json").write_bytes(text + b"\n")


if __name__ == "__main__":
    write_schemas(Path(sys.argv[1]))
