"""Moments on the wire: aware, and of this century."""

from datetime import datetime

from anju_contracts.errors import ContractError


def check_moment(at: datetime, *, message: str, field: str) -> datetime:
    """`at` itself when it has a time zone and lies in 2000 to 2099; ContractError otherwise."""
    if at.tzinfo is None or not 2000 <= at.year < 2100:
        raise ContractError(message, field, at.isoformat(), "an RFC 3339 time with a zone, from 2000 to 2099")
    return at
