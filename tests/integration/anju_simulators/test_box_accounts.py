"""Whoever speaks on the box's own network has an account and speaks for itself: in the demo, and in containers."""

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import cache
from pathlib import Path

import pytest
from click.testing import CliRunner

from anju_gateway.cli import main
from anju_simulators.demo.box_network import BoxNetwork
from anju_simulators.demo.gateway_config import GATEWAY_ACCOUNT, Lines, gateway_toml
from anju_simulators.demo.supervise import Supervisor
from anju_simulators.devices.connections import Connections
from anju_simulators.devices.publisher import Account, Publisher
from anju_simulators.devices.vendor_json import Message
from anju_simulators.devices.wiring import wire
from anju_simulators.fleet import fleet
from anju_simulators.scenario import Scenario
from anju_simulators.services import Broker, BrokerKind

ROOT = Path(__file__).resolve().parents[3]
WITHIN_S = 20.0
WHO_MAY_COME_IN = ("listener ", "allow_anonymous ", "password_file ", "acl_file ")
SCENARIO = Scenario(lifts=1, doors=2, electric_meters=1, water_meters=0)
REPORT = Message("dc2/DC0002/report", b"{}")
"""Of door-01."""
OF_ANOTHER = Message("dc2/DC0003/report", b"{}")


def within(publisher: Publisher, condition: Callable[[], object]) -> bool:
    deadline = time.monotonic() + WITHIN_S
    while not condition() and time.monotonic() < deadline:
        publisher.settle()
        time.sleep(0.01)
    return bool(condition())


@contextmanager
def connected(url: str, account: Account | None, *, listens_to: str | None = None) -> Iterator[Publisher]:
    publisher = Publisher(url, account)
    if listens_to is not None:
        publisher.listen(listens_to, lambda _message: None)
    publisher.connect()
    yield publisher
    publisher.close(timeout_s=0)


@contextmanager
def demo_box(folder: Path, kind: BrokerKind) -> Iterator[BoxNetwork]:
    """The network of a demo's gateway, with its devices' accounts."""
    specs = fleet(SCENARIO)
    with Supervisor(folder) as supervisor, BoxNetwork(folder / "local", kind=kind) as box:
        lines = Lines("mqtt://127.0.0.1:1", box.take_address(), 1, folder, 1.0, accounts_dir=box.accounts)
        file = folder / "gateway.toml"
        file.write_text(gateway_toml(SCENARIO, specs, wire(specs, meters_a_converter=8), lines), encoding="utf-8")
        box.open(file, supervisor)
        yield box


@pytest.fixture(scope="module")
def boxes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[BrokerKind], BoxNetwork]]:
    """One box for each kind of broker that is asked for."""
    with ExitStack() as stack:

        @cache
        def box(kind: BrokerKind) -> BoxNetwork:
            return stack.enter_context(demo_box(tmp_path_factory.mktemp(kind), kind))

        yield box


def account_of(box: BoxNetwork, name: str) -> Account:
    return Account(name, (box.passwords / name).read_text(encoding="utf-8"))


@pytest.mark.mosquitto
def test_a_device_of_the_demo_speaks_for_itself_only(boxes: Callable[[BrokerKind], BoxNetwork]) -> None:
    box = boxes("mosquitto")
    with connected(box.url, account_of(box, GATEWAY_ACCOUNT), listens_to="dc2/+/report"):
        connections = Connections(box.url, ["door-01", "door-02"], box.passwords)
        connections.connect()
        door, sent = connections.of("door-01"), []
        door.publish(OF_ANOTHER, lambda: sent.append("as another"))
        assert within(door, lambda: door.refused == 1)
        door.publish(REPORT, lambda: sent.append("as itself"))
        assert within(door, lambda: sent)
        assert sent == ["as itself"]
        assert connections.close() == {"unheard": 0, "refused": 1, "unacknowledged": 0}


@pytest.mark.mosquitto
def test_a_door_of_the_demo_hears_commands_for_itself_only(boxes: Callable[[BrokerKind], BoxNetwork]) -> None:
    box, heard = boxes("mosquitto"), list[str]()
    door = Connections(box.url, ["door-01"], box.passwords).of("door-01")
    door.listen("dc2/+/command", lambda command: heard.append(command.topic))
    door.connect()
    with connected(box.url, account_of(box, GATEWAY_ACCOUNT)) as gateway:
        gateway.publish(Message("dc2/DC0003/command", b"{}"), lambda: None)
        gateway.publish(Message("dc2/DC0002/command", b"{}"), lambda: None)
        assert within(gateway, lambda: gateway.waiting == 0)
    assert within(door, lambda: heard)
    assert heard == ["dc2/DC0002/command"]
    assert door.close() == 0


@pytest.mark.parametrize("kind", [pytest.param("mosquitto", marks=pytest.mark.mosquitto), "iotcore"])
@pytest.mark.parametrize("account", [None, Account("door-01", "guessed"), Account("door-09", "any")])
def test_whoever_has_no_account_in_the_demo_is_turned_away(
    boxes: Callable[[BrokerKind], BoxNetwork], kind: BrokerKind, account: Account | None
) -> None:
    box = boxes(kind)
    with connected(box.url, account_of(box, "door-01")) as door:
        door.publish(REPORT, lambda: None)
        assert within(door, lambda: door.waiting == 0)
    with connected(box.url, account) as stranger:
        stranger.publish(REPORT, lambda: pytest.fail("it was taken"))
        stranger.settle()
        assert (stranger.turned_away, stranger.waiting) == (True, 1)


@pytest.mark.mosquitto
def test_the_box_in_containers_takes_what_its_devices_say_and_nothing_else(tmp_path: Path) -> None:
    accounts, secret = tmp_path / "accounts", tmp_path / "secret"
    secret.write_text("any", encoding="utf-8")
    text = (ROOT / "docker/community/gateway.toml").read_text(encoding="utf-8")
    file = tmp_path / "gateway.toml"
    placed = text.replace("/var/lib/anju-box", str(accounts)).replace("/run/secrets/mqtt_gateway", str(secret))
    file.write_text(placed, encoding="utf-8")
    assert CliRunner().invoke(main, ["local-broker", str(file), "--out", str(accounts)]).exit_code == 0

    def listener(port: int) -> str:
        lines = (ROOT / "docker/box-broker.conf").read_text(encoding="utf-8").splitlines()
        return (
            "\n".join(line for line in lines if line.startswith(WHO_MAY_COME_IN))
            .replace("/var/lib/anju-box", str(accounts))
            .replace("1883", f"{port} 127.0.0.1")
        )

    with Broker(tmp_path / "broker", kind="mosquitto", listeners=listener) as broker:
        door = Account("door-01", (accounts / "passwords" / "door-01").read_text(encoding="utf-8"))
        with connected(broker.url, None) as stranger:
            assert stranger.turned_away
        with connected(broker.url, door) as publisher:
            publisher.publish(Message("dc2/DC0005/report", b"{}"), lambda: None)
            publisher.publish(Message("dc2/DC0006/report", b"{}"), lambda: None)
            assert within(publisher, lambda: publisher.unheard + publisher.refused == 2)
            assert publisher.refused == 1
