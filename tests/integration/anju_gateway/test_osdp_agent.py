"""The OSDP driver against libosdp's own readers, over a serial port and a TCP connection."""

import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from on_lines import OnLines

from anju_contracts.clock import RealClock
from anju_edge_agent.actions import Action, ActionRefused, ActionUnanswered
from anju_edge_agent.agent import AgentContext
from anju_edge_agent.drivers.osdp import OsdpAgent
from anju_simulators.devices.lines import SerialLine, TcpLine
from anju_simulators.devices.osdp_reader import OsdpBus, OsdpReader, Told

KEY = bytes.fromhex("00112233445566778899aabbccddeeff")
WRONG = bytes(16)
POLL_BYTES = 20
"""A poll is shorter than that, and an order longer."""


@pytest.fixture
def lines() -> Iterator[OnLines]:
    running = OnLines()
    yield running
    running.stop()


@pytest.fixture
def bus_of(tmp_path: Path) -> Callable[..., str]:
    """`bus_of(place, 1, 2)`: an agent's text with readers door-1 and door-2, whose keys lie in files."""
    (tmp_path / "reader.key").write_text(KEY.hex(), encoding="ascii")
    (tmp_path / "cards.key").write_text("ab" * 16 + "\n", encoding="ascii")

    def make(place: str, *addresses: int, period_s: float = 900) -> str:
        devices = "".join(
            f'[[agent.device]]\nasset = "door-{address}"\nprofile = "osdp-reader"\naddress = {address}\n'
            f'key_file = "reader.key"\nperiod_s = {period_s}\n'
            for address in addresses
        )
        head = f'[[agent]]\nname = "readers"\ndriver = "osdp"\n{place}\ncredential_key_file = "cards.key"\n'
        return f"{head}{devices}"

    return make


def tcp(where: str) -> str:
    host, port = where.split(":")
    return f'host = "{host}"\nport = {port}'


def is_online(agent: Any, asset: str) -> bool:
    return agent.kept.latest(asset).get("reader_online") == 1.0


def test_cards_tamper_and_power_are_told_and_keys_are_not(
    lines: OnLines, bus_of: Any, run_agent: Any, eventually: Callable[..., bool]
) -> None:
    reader = OsdpReader(5, KEY)
    path = lines.start(SerialLine(OsdpBus([reader]).serve))
    agent = run_agent(bus_of(f'serial = "{path}"', 5))
    assert eventually(lambda: agent.kept.latest("door-5").get("power_lost") == 0.0)
    reader.type_keys(b"1234")
    for card in (4711, 4711, 4712):
        reader.present(card)
    reader.set_tamper(on=True)
    reader.set_power_lost(on=True)
    assert eventually(lambda: agent.kept.latest("door-5")["power_lost"] == 1.0)
    reader.set_tamper(on=False)
    assert eventually(lambda: ("door-5", "door.tamper", "clear") in agent.kept.codes())
    reads = [event for event in agent.kept.events if event.code == "door.credential_read"]
    assert [event.state.value for event in reads] == ["momentary"] * 3
    assert reads[0].text == reads[1].text != reads[2].text
    assert all(event.text and event.text.startswith("credential:") and "4711" not in event.text for event in reads)
    assert {code for _, code, _ in agent.kept.codes()} == {"door.credential_read", "door.tamper", "door.mains_lost"}
    assert agent.oddities == ["keypad_not_stored"]
    assert agent.kept.latest("door-5") == {
        "reader_online": 1.0,
        "tamper": 0.0,
        "power_lost": 1.0,
        "card_reads": 3.0,
        "comm_losses": 0.0,
    }


def test_a_reader_that_is_lost_is_offline_until_it_is_back(
    lines: OnLines, bus_of: Any, run_agent: Any, eventually: Callable[..., bool]
) -> None:
    line = TcpLine(OsdpBus([OsdpReader(1, KEY)]).serve)
    where = lines.start(line)
    agent = run_agent(bus_of(tcp(where), 1))
    assert eventually(lambda: is_online(agent, "door-1"))
    lines.stop_line(line)
    assert eventually(lambda: agent.kept.latest("door-1")["reader_online"] == 0.0, within_s=60)
    assert eventually(lambda: any(reason and "no connection" in reason for reason in agent.troubles))
    lines.start(TcpLine(OsdpBus([OsdpReader(1, KEY)]).serve, port=int(where.split(":")[1])))
    assert eventually(lambda: is_online(agent, "door-1"), within_s=60)
    lost = [sample for sample in agent.kept.samples if sample.value == 0.0 and sample.point == "reader_online"]
    assert agent.kept.latest("door-1")["comm_losses"] == 1.0
    assert not any(sample.at_us == lost[0].at_us and sample.point == "tamper" for sample in agent.kept.samples)
    assert eventually(lambda: agent.troubles[-1] is None)


def test_a_reader_with_another_key_never_comes_online_and_the_reason_is_said(
    lines: OnLines, bus_of: Any, run_agent: Any, eventually: Callable[..., bool]
) -> None:
    where = lines.start(TcpLine(OsdpBus([OsdpReader(1, WRONG)]).serve))
    agent = run_agent(bus_of(tcp(where), 1))
    assert eventually(lambda: any(reason and "check key_file" in reason for reason in agent.troubles), within_s=60)
    assert agent.kept.latest("door-1")["reader_online"] == 0.0


class Acting:
    """An agent that runs on a thread, for others to give actions to."""

    def __init__(self, config: Any) -> None:
        self.stop = threading.Event()
        agent = config.agents[0]
        self.latest: dict[tuple[str, str], float] = {}
        context = AgentContext("readers", RealClock(), self._keep, self.stop)
        built = agent.build([device.device for device in agent.devices], context)
        assert isinstance(built, OsdpAgent)
        self.agent = built
        self.thread = threading.Thread(target=built.run, daemon=True)
        self.thread.start()

    def _keep(self, samples: Any, _events: Any) -> None:
        self.latest |= {(sample.asset, sample.point): sample.value for sample in samples}

    def shows_online(self, asset: str = "door-5", value: float = 1.0) -> bool:
        return self.latest.get((asset, "reader_online")) == value

    def end(self) -> None:
        self.stop.set()
        self.thread.join(10)


@pytest.fixture
def acting(configure: Any) -> Iterator[Callable[[str], Acting]]:
    started: list[Acting] = []

    def start(text: str) -> Acting:
        started.append(Acting(configure(text)))
        return started[-1]

    yield start
    for one in started:
        one.end()


def test_a_door_is_unlocked_by_a_pulse_of_its_strike(
    lines: OnLines, bus_of: Any, acting: Any, eventually: Callable[..., bool]
) -> None:
    reader = OsdpReader(5, KEY)
    path = lines.start(SerialLine(OsdpBus([reader]).serve))
    running = acting(bus_of(f'serial = "{path}"', 5))
    assert eventually(running.shows_online, within_s=60)
    perform = running.agent.perform
    assert perform(Action("door-5", "unlock", {"seconds": 3}), timeout_s=20) == {"acknowledged": True}
    assert perform(Action("door-5", "lock"), timeout_s=20) == {"acknowledged": True}
    assert perform(Action("door-5", "beep", {"times": 1}), timeout_s=20) == {"acknowledged": True}
    assert perform(Action("door-5", "signal"), timeout_s=20) == {"acknowledged": True}
    assert [(told.what, told.seconds) for told in reader.told] == [
        ("output", 3),
        ("output", 0),
        ("buzzer", 0),
        ("led", 3),
    ]
    assert reader.told[0] == Told("output", 0, control=5, seconds=3.0)
    reader.jammed = True
    with pytest.raises(ActionRefused, match="the reader refused it"):
        perform(Action("door-5", "unlock"), timeout_s=20)
    with pytest.raises(ActionRefused, match="expected a number from 1 to 25"):
        perform(Action("door-5", "unlock", {"seconds": 60}), timeout_s=20)
    with pytest.raises(ActionRefused, match="one of this agent's"):
        perform(Action("door-6", "unlock"), timeout_s=20)


def test_a_door_whose_reader_is_offline_is_not_unlocked(bus_of: Any, acting: Any, tmp_path: Path) -> None:
    running = acting(bus_of(f'serial = "{tmp_path / "nothing"}"', 5))
    with pytest.raises(ActionRefused, match="offline"):
        running.agent.perform(Action("door-5", "unlock"), timeout_s=20)


def test_an_order_that_a_lost_reader_did_not_hear_is_not_done_when_it_is_back(
    lines: OnLines, bus_of: Any, acting: Any, eventually: Callable[..., bool]
) -> None:
    reader = OsdpReader(5, KEY)
    running = acting(bus_of(tcp(lines.start(TcpLine(OsdpBus([reader]).serve))), 5))
    perform = running.agent.perform
    assert eventually(running.shows_online, within_s=60)
    reader.hears_up_to = 0
    assert eventually(lambda: reader.missed)
    with pytest.raises(ActionUnanswered, match="done or not"):
        perform(Action("door-5", "unlock", {"seconds": 3}), timeout_s=2)
    assert eventually(lambda: running.shows_online(value=0.0), within_s=60)
    with pytest.raises(ActionRefused, match="the reader is offline"):
        perform(Action("door-5", "unlock", {"seconds": 4}), timeout_s=20)
    reader.hears_up_to = None
    assert eventually(running.shows_online, within_s=60)
    assert perform(Action("door-5", "beep"), timeout_s=20) == {"acknowledged": True}
    assert [told.what for told in reader.told] == ["buzzer"]
    assert perform(Action("door-5", "unlock", {"seconds": 5}), timeout_s=20) == {"acknowledged": True}
    assert reader.told[1:] == [Told("output", 0, control=5, seconds=5.0)]


def test_an_order_on_its_way_is_not_repeated_when_it_is_late_and_its_end_is_not_the_end_of_the_next(
    lines: OnLines, bus_of: Any, acting: Any, eventually: Callable[..., bool]
) -> None:
    """The library repeats every second what was not answered; polls come through, so that the order is on its way."""
    reader = OsdpReader(5, KEY)
    running = acting(bus_of(tcp(lines.start(TcpLine(OsdpBus([reader]).serve))), 5))
    perform = running.agent.perform
    assert eventually(running.shows_online, within_s=60)
    reader.hears_up_to = POLL_BYTES
    with pytest.raises(ActionUnanswered, match="done or not"):
        perform(Action("door-5", "unlock", {"seconds": 3}), timeout_s=2)
    assert reader.missed
    with pytest.raises(ActionRefused, match=r"an earlier order|offline"):
        perform(Action("door-5", "unlock", {"seconds": 4}), timeout_s=20)
    reader.hears_up_to = None
    assert eventually(lambda: is_acknowledged(perform, Action("door-5", "unlock", {"seconds": 5})), within_s=60)
    assert [told.seconds for told in reader.told] == [5.0]


def test_an_order_that_the_library_gives_up_may_have_been_done_and_is_not_done_later(
    lines: OnLines, bus_of: Any, acting: Any, eventually: Callable[..., bool]
) -> None:
    reader = OsdpReader(5, KEY)
    running = acting(bus_of(tcp(lines.start(TcpLine(OsdpBus([reader]).serve))), 5))
    perform = running.agent.perform
    assert eventually(running.shows_online, within_s=60)
    reader.hears_up_to = POLL_BYTES
    with pytest.raises(ActionUnanswered, match="lost meanwhile"):
        perform(Action("door-5", "unlock"), timeout_s=120)
    reader.hears_up_to = None
    assert eventually(lambda: is_acknowledged(perform, Action("door-5", "beep")), within_s=60)
    assert [told.what for told in reader.told] == ["buzzer"]


def test_a_late_order_to_one_reader_leaves_the_others_on_its_bus_online(
    lines: OnLines, bus_of: Any, acting: Any, eventually: Callable[..., bool]
) -> None:
    near, far = OsdpReader(1, KEY), OsdpReader(2, KEY)
    path = lines.start(SerialLine(OsdpBus([near, far]).serve))
    running = acting(bus_of(f'serial = "{path}"', 1, 2))
    perform = running.agent.perform
    assert eventually(lambda: running.shows_online("door-1") and running.shows_online("door-2"), within_s=60)
    near.hears_up_to = POLL_BYTES
    with pytest.raises(ActionUnanswered):
        perform(Action("door-1", "unlock"), timeout_s=2)
    assert eventually(lambda: running.shows_online("door-1", 0.0), within_s=60)
    assert perform(Action("door-2", "unlock", {"seconds": 5}), timeout_s=20) == {"acknowledged": True}
    assert far.told == [Told("output", 0, control=5, seconds=5.0)]
    assert running.latest["door-2", "comm_losses"] == 0.0


def is_acknowledged(perform: Any, action: Action) -> bool:
    try:
        return bool(perform(action, timeout_s=20) == {"acknowledged": True})
    except ActionRefused:
        return False
