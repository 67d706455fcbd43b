"""MQTT topics: `anju/1/{community}/{gateway}/{channel}`. The 1 is the version of the contract."""

from dataclasses import dataclass
from enum import StrEnum

from anju_contracts.errors import ContractError
from anju_contracts.names import check_name

PREFIX = "anju/1"


class Channel(StrEnum):
    """The last level of a topic. `RECEIPT` and `COMMAND` go down to the gateway, the others up."""

    BIRTH = "birth"
    STATE = "state"
    TELEMETRY = "telemetry"
    EVENT = "event"
    ACCOUNT = "account"
    RECEIPT = "receipt"
    COMMAND = "command"
    RESPONSE = "response"


UPLINK = (Channel.BIRTH, Channel.STATE, Channel.TELEMETRY, Channel.EVENT, Channel.ACCOUNT, Channel.RESPONSE)
DOWNLINK = (Channel.RECEIPT, Channel.COMMAND)


@dataclass(frozen=True, slots=True)
class GatewayAddress:
    """A gateway's name across communities."""

    community: str
    gateway: str

    def topic(self, channel: Channel) -> str:
        return f"{PREFIX}/{self.community}/{self.gateway}/{channel}"

    def __str__(self) -> str:
        return f"{self.community}/{self.gateway}"


def address(community: str, gateway: str) -> GatewayAddress:
    """A checked address; ContractError names the part that is no name."""
    return GatewayAddress(
        check_name(community, message="address", field="community"),
        check_name(gateway, message="address", field="gateway"),
    )


def parse_topic(topic: str) -> tuple[GatewayAddress, Channel]:
    """Whose topic it is and which channel; ContractError for any other topic."""
    levels = topic.split("/")
    if len(levels) != 5 or "/".join(levels[:2]) != PREFIX:
        raise ContractError("topic", "topic", topic, f"{PREFIX}/<community>/<gateway>/<channel>")
    try:
        channel = Channel(levels[4])
    except ValueError as exc:
        raise ContractError("topic", "channel", levels[4], "one of " + ", ".join(Channel)) from exc
    return address(levels[2], levels[3]), channel


def filter_for(channel: Channel, *, share: str | None = None) -> str:
    """The subscription to one channel of all gateways; `share` names a shared subscription's group."""
    every = f"{PREFIX}/+/+/{channel}"
    return f"$share/{share}/{every}" if share else every
