"""The network of the gateway's box: a broker to which each device has an account of its own."""

from pathlib import Path
from types import TracebackType
from typing import Self

from anju_simulators.demo.programs import local_broker
from anju_simulators.demo.supervise import Supervisor
from anju_simulators.services import Access, Broker, BrokerKind


class BoxNetwork:
    """Its broker is up from `open` to the end of the `with` block. The gateway's configuration names its address, so
    ask for that (`take_address`) shortly before."""

    def __init__(self, folder: Path, *, kind: BrokerKind | None = None) -> None:
        self.accounts = folder / "accounts"
        """What `anju-gateway local-broker` writes."""
        access = Access.in_folder(self.accounts)
        self._broker = Broker(folder / "broker", kind=kind or "auto", persistent=True, access=access)

    def take_address(self) -> str:
        """The URL, from now on."""
        self._broker.take_port()
        return self.url

    @property
    def url(self) -> str:
        return self._broker.url

    @property
    def passwords(self) -> Path:
        """A file an account: the devices' are called like their assets."""
        return self.accounts / "passwords"

    def open(self, gateway: Path, supervisor: Supervisor) -> None:
        """Make an account for each device of `gateway` (gateway.toml) that speaks over a broker, and start it."""
        supervisor.run("local-broker", local_broker(gateway, self.accounts, self._broker.port), {})
        self._broker.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._broker.stop()
