"""The devices' connections to the box's broker: one for each device, under its own account."""

import time
from collections.abc import Iterable
from pathlib import Path

from anju_simulators.devices.publisher import Account, Publisher


class Connections:
    """A connection for each of `assets`, whose passwords are files of their names in the folder `passwords`; one for
    all of them where that is None, to a broker that asks for no accounts. OSError when a password is missing."""

    def __init__(self, url: str, assets: Iterable[str], passwords: Path | None) -> None:
        if passwords is None:
            shared = Publisher(url)
            self._of = dict.fromkeys(assets, shared)
            self._all = [shared]
        else:
            self._of = {
                asset: Publisher(url, Account(asset, (passwords / asset).read_text(encoding="utf-8")))
                for asset in assets
            }
            self._all = list(self._of.values())

    def of(self, asset: str) -> Publisher:
        return self._of[asset]

    def connect(self) -> None:
        """OSError when nobody listens."""
        for publisher in self._all:
            publisher.connect()

    def settle(self) -> None:
        for publisher in self._all:
            publisher.settle()

    def close(self, *, timeout_s: float = 10.0) -> dict[str, int]:
        """What became of messages that were not handed over, by fate: unheard, refused, unacknowledged."""
        deadline = time.monotonic() + timeout_s
        left = sum(publisher.close(timeout_s=max(deadline - time.monotonic(), 0.0)) for publisher in self._all)
        return {
            "unheard": sum(publisher.unheard for publisher in self._all),
            "refused": sum(publisher.refused for publisher in self._all),
            "unacknowledged": left,
        }
