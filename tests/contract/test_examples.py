"""The golden examples are what every producer writes and every consumer reads, to the byte."""

import json
from datetime import UTC, datetime
from hashlib import sha256
from importlib.resources import files
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from anju_contracts import account, birth, command, event, receipt, schema, senml, state

NOW = datetime(2026, 3, 1, tzinfo=UTC)
EXAMPLES = files("anju_contracts") / "examples"
SCHEMAS = Path(__file__).parents[2] / "docs/reference/schemas"


def example(name: str) -> bytes:
    return (EXAMPLES / f"{name}.json").read_bytes()


def rewritten(message: str, payload: bytes) -> bytes:
    """`payload` decoded by the consumer and encoded by the producer."""
    through: dict[str, Any] = {
        "telemetry": lambda: senml.encode_pack(senml.decode_pack(payload, now=NOW)),
        "event": lambda: event.encode_events(event.decode_events(payload)),
        "birth": lambda: birth.encode_birth(birth.decode_birth(payload)),
        "state": lambda: state.encode_state(state.decode_state(payload)),
        "account": lambda: account.encode_account(account.decode_account(payload)),
        "receipt": lambda: receipt.encode_receipt(receipt.decode_receipt(payload)),
        "command": lambda: command.encode_command(command.decode_command(payload)),
        "command-response": lambda: command.encode_response(command.decode_response(payload)),
    }
    encoded: bytes = through[message]()
    return encoded


@pytest.mark.parametrize("message", schema.MESSAGES)
def test_an_example_is_written_again_byte_for_byte_after_it_was_read(message: str) -> None:
    assert rewritten(message, example(message)) == example(message)


@pytest.mark.parametrize("message", schema.MESSAGES)
def test_an_example_fits_the_published_schema(message: str) -> None:
    published = json.loads((SCHEMAS / f"{message}.schema.json").read_bytes())
    jsonschema.Draft202012Validator.check_schema(published)
    jsonschema.validate(json.loads(example(message)), published)


@pytest.mark.parametrize("message", schema.MESSAGES)
def test_the_published_schema_is_the_one_that_make_schemas_writes(message: str, tmp_path: Path) -> None:
    schema.write_schemas(tmp_path)
    name = f"{message}.schema.json"
    assert (SCHEMAS / name).read_bytes() == (tmp_path / name).read_bytes()


def test_the_example_written_by_hand_needs_neither_envelope_nor_time() -> None:
    pack = senml.decode_pack(example("telemetry-by-hand"), now=NOW)
    assert (pack.envelope, pack.names, pack.values) == (None, ["lift-01/door_close_s"], [2.41])
    assert pack.at_us == [int(NOW.timestamp() * 1e6)]


def test_the_example_command_is_signed_with_the_example_key() -> None:
    """The key's 32 bytes are the SHA-256 of `example key`."""
    received = command.decode_command(example("command"))
    key = Ed25519PrivateKey.from_private_bytes(sha256(b"example key").digest())
    key.public_key().verify(bytes.fromhex(received.signature), command.signed_part(received))
