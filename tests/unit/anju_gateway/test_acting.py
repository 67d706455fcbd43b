"""How an action finds its agent, and which gateways take commands at all."""

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from commanding import KEY
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from eventual import eventually

from anju_contracts.clock import RealClock
from anju_contracts.command import Param
from anju_edge_agent.actions import Action, ActionRefused, Result
from anju_edge_agent.agent import Agent, AgentContext
from anju_edge_agent.flow import Device
from anju_edge_agent.profile_reader import builtin_profile
from anju_gateway.config import ConfiguredAgent, ConfiguredDevice, GatewayConfig
from anju_gateway.config_reader import load_config
from anju_gateway.errors import ConfigurationError
from anju_gateway.gateway import Gateway, exclusive
from anju_gateway.host import Host
from anju_gateway.periods import Periods

WITHIN_S = 20.0
CONFIGURATION = """
community = "jinxiu"
gateway = "gw-1"
data_dir = "var"
[uplink]
url = "mqtt://127.0.0.1:1"
flush_timeout_s = 0
{commands}
[[agent]]
name = "meters"
driver = "modbus"
host = "127.0.0.1"
port = 1
[[agent.device]]
asset = "em-001"
profile = "eastron-sdm630"
unit = 1
period_s = 60
"""


@dataclass
class Door:
    """An agent that acts."""

    context: AgentContext

    def run(self) -> None:
        self.context.stop.wait()

    def perform(self, action: Action, *, timeout_s: float) -> Result:
        return {"asset": action.asset, "within_s": timeout_s}


@dataclass
class Meter:
    """An agent that only listens."""

    context: AgentContext

    def run(self) -> None:
        self.context.stop.wait()


def configured(asset: str, build: Callable[[Sequence[Device], AgentContext], Agent]) -> ConfiguredAgent:
    device = Device(asset, builtin_profile("kaixin-dc2"), "DC0001", 60.0)
    return ConfiguredAgent(asset, "any", build, (ConfiguredDevice(device),))


@pytest.fixture
def host() -> Iterator[Host]:
    """Of a door and a meter, not started."""
    agents = [
        configured("door-01", lambda _devices, context: Door(context)),
        configured("em-001", lambda _devices, context: Meter(context)),
    ]
    host = Host(agents, sink_of=lambda _agent: lambda _samples, _events: None, clock=RealClock(), raised=dict)
    yield host
    host.stop()


def performed(host: Host, asset: str) -> Result:
    """What the agent said, once it runs."""
    until_s = time.monotonic() + WITHIN_S
    while True:
        try:
            return host.perform(Action(asset, "unlock"), 3.0)
        except ActionRefused as exc:
            if "does not run" not in exc.reason or time.monotonic() > until_s:
                raise
            time.sleep(0.01)


def test_the_agent_of_the_asset_acts(host: Host) -> None:
    host.start()
    assert performed(host, "door-01") == {"asset": "door-01", "within_s": 3.0}


def test_an_agent_that_only_listens_performs_nothing(host: Host) -> None:
    host.start()
    with pytest.raises(ActionRefused, match="driver any performs no actions"):
        performed(host, "em-001")


def test_an_agent_that_does_not_run_performs_nothing(host: Host) -> None:
    with pytest.raises(ActionRefused, match="agent door-01 does not run"):
        host.perform(Action("door-01", "unlock"), 1.0)
    with pytest.raises(ActionRefused, match="no agent has door-99"):
        host.perform(Action("door-99", "unlock"), 1.0)


def config_with(folder: Path, commands: str) -> GatewayConfig:
    (folder / "gateway.toml").write_text(CONFIGURATION.format(commands=commands), encoding="utf-8")
    return load_config(folder / "gateway.toml")


def test_a_gateway_takes_commands_only_with_the_key_of_its_enrolment(tmp_path: Path) -> None:
    public = KEY.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    (tmp_path / "command.pub").write_bytes(public)
    assert config_with(tmp_path, "").command_key_file is None
    for commands in ("", '[commands]\nkey_file = "command.pub"'):
        config = config_with(tmp_path, commands)
        with exclusive(config.data_dir), Gateway(config, RealClock()):
            threads = {thread.name for thread in threading.enumerate()}
        assert ("commands" in threads) is bool(commands)


@pytest.mark.parametrize("content", [None, b"nothing", b"another kind"], ids=str)
def test_a_key_that_cannot_check_commands_is_a_mistake_in_the_configuration(
    tmp_path: Path, content: bytes | None
) -> None:
    if content == b"another kind":
        other = ec.generate_private_key(ec.SECP256R1()).public_key()
        content = other.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    if content is not None:
        (tmp_path / "command.pub").write_bytes(content)
    with pytest.raises(ConfigurationError, match=r"commands\.key_file: got .*command\.pub"):
        config_with(tmp_path, '[commands]\nkey_file = "command.pub"')


def test_a_period_that_was_set_holds_at_once_and_over_a_restart(tmp_path: Path) -> None:
    config = config_with(tmp_path, "")
    built: list[float] = []

    def build(devices: Sequence[Device], context: AgentContext) -> Agent:
        built.append(devices[0].period_s)
        return Meter(context)

    meters = replace(config.agents[0], build=build)
    config = replace(config, agents=(meters,))
    file = tmp_path / "periods.json"
    host = Host(config.agents, sink_of=lambda _agent: lambda _samples, _events: None, clock=RealClock(), raised=dict)
    host.start()
    assert eventually(lambda: built == [60.0])
    assert Periods(file, config).set({"asset": "em-001", "period_s": 5.0}, host.set_period) == {"period_s": 5.0}
    assert eventually(lambda: built == [60.0, 5.0])
    host.stop()
    assert Periods(file, config).applied().agents[0].devices[0].device.period_s == 5.0


@pytest.mark.parametrize(
    ("params", "said"),
    [
        ({}, "got none, expected asset and period_s"),
        ({"asset": "em-001"}, "got asset, expected asset and period_s"),
        ({"asset": "em-001", "period_s": 5.0, "more": 1.0}, "expected asset and period_s"),
        ({"asset": 1.0, "period_s": 5.0}, "expected asset and period_s"),
        ({"asset": "em-099", "period_s": 5.0}, "expected an asset of this gateway"),
        ({"asset": "em-001", "period_s": 0.5}, "expected seconds from 1 to 86400"),
        ({"asset": "em-001", "period_s": True}, "expected seconds"),
        ({"asset": "em-001", "period_s": "5"}, "expected seconds"),
    ],
)
def test_a_period_that_makes_no_sense_is_refused_and_changes_nothing(
    tmp_path: Path, params: dict[str, Param], said: str
) -> None:
    periods = Periods(tmp_path / "periods.json", config_with(tmp_path, ""))
    changed: list[str] = []
    with pytest.raises(ActionRefused, match=said):
        periods.set(params, lambda asset, _period_s: changed.append(asset))
    assert (changed, (tmp_path / "periods.json").exists()) == ([], False)


def test_periods_that_cannot_be_read_or_are_of_no_device_leave_those_of_the_configuration(tmp_path: Path) -> None:
    file, config = tmp_path / "periods.json", config_with(tmp_path, "")
    for content in (b"nothing", b'{"em-001": "often"}', b'{"em-099": 5.0}'):
        file.write_bytes(content)
        assert Periods(file, config).applied() == config
