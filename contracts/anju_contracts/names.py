"""Identifiers: what a community, gateway, asset, point, kind, code or component may be called.

A name stands in MQTT topics, SenML names, URLs and file names, so it has no slash, colon,
wildcard, space or control character. Chinese titles belong in labels, not in names.
"""

import re

from anju_contracts.errors import ContractError

NAME_PATTERN = r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$"
_NAME = re.compile(NAME_PATTERN)
EXPECTED_NAME = "1 to 64 letters, digits, '.', '_' or '-', starting with a letter or digit"


def is_name(value: object) -> bool:
    return isinstance(value, str) and _NAME.fullmatch(value) is not None


def check_name(value: str, *, message: str, field: str) -> str:
    """`value` itself when it is a name; ContractError otherwise."""
    if not is_name(value):
        raise ContractError(message, field, value, EXPECTED_NAME)
    return value


def asset_key(community: str, asset: str) -> str:
    """The name of an asset across communities, as the REST API uses it: `jinxiu:lift-01`."""
    return f"{community}:{asset}"


def split_asset_key(key: str) -> tuple[str, str]:
    """The community and the asset of an asset key; ContractError when it is none."""
    community, colon, asset = key.partition(":")
    if not (colon and is_name(community) and is_name(asset)):
        raise ContractError("asset key", "asset", key, "<community>:<asset>, for example jinxiu:lift-01")
    return community, asset
