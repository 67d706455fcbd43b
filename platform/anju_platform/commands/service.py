"""Takes an order: checked, written down with who and why, and left for `anju commands` to send."""

import uuid
from datetime import datetime, timedelta
from typing import Final

import psycopg

from anju_contracts.command import MAX_BYTES, MOST_VALIDITY, Command, encode_command
from anju_contracts.names import EXPECTED_NAME, is_name
from anju_platform.commands import store
from anju_platform.commands.models import Order, Target
from anju_platform.errors import Invalid

LEAST_VALIDITY_S: Final = 1.0
USUAL_VALIDITY_S: Final = 30.0


def give(conn: psycopg.Connection, target: Target, order: Order, *, now: datetime) -> int:
    """The row id of the new command, valid from now. Whether the model knows the action, its gateway says."""
    check(order)
    wire_id, expires_at = f"c-{uuid.uuid4().hex}", now + timedelta(seconds=order.valid_for_s)
    asset = None if target.asset is None else target.asset.partition(":")[2]
    whole = Command(wire_id, target.community_id, target.gateway_id, order.action, now, expires_at, asset, order.params)
    size = len(encode_command(whole))
    if size > MAX_BYTES // 2:
        raise Invalid("params", f"{size} bytes", f"less, so that the command has at most {MAX_BYTES // 2}")
    return store.insert(conn, target, order, wire_id=wire_id, issued_at=now, expires_at=expires_at)


def check(order: Order) -> None:
    """Invalid when it can't be taken."""
    if not is_name(order.action):
        raise Invalid("action", order.action, EXPECTED_NAME)
    if not LEAST_VALIDITY_S <= order.valid_for_s <= MOST_VALIDITY.total_seconds():
        expected = f"seconds from {LEAST_VALIDITY_S:g} to {MOST_VALIDITY.total_seconds():g}"
        raise Invalid("valid_for_s", order.valid_for_s, expected)
    if not order.why.strip():
        raise Invalid("why", order.why, "a reason: it stays on record")
