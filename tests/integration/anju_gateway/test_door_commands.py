"""Doors behind the local broker are told what to do, and their answers are waited for."""

import json
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from anju_contracts.clock import RealClock
from anju_edge_agent.actions import Action, ActionRefused, ActionUnanswered
from anju_edge_agent.agent import AgentContext
from anju_edge_agent.drivers.mqtt_json import MqttJsonAgent
from anju_gateway.local_broker import rights_of
from anju_simulators.devices.kaixin import command_topic, obey
from anju_simulators.devices.publisher import Publisher
from anju_simulators.devices.vendor_json import Message
from anju_simulators.services import Broker

DOORS = """
[[agent]]
name = "doors"
driver = "mqtt_json"
url = "{url}"
client_id = "{client}"
[[agent.device]]
asset = "door-01"
profile = "kaixin-dc2"
device = "{client}A"
[[agent.device]]
asset = "door-02"
profile = "kaixin-dc2"
device = "{client}B"
"""


class Controller:
    """The simulated controllers' side of the broker. `said` are the commands that came."""

    def __init__(self, broker: Broker, prefix: str, answer: Callable[[Message], Message | None] = obey) -> None:
        self.said: list[dict[str, Any]] = []
        self._prefix = prefix
        self._answer = answer
        self._stop = threading.Event()
        self._publisher = Publisher(broker.url)
        self._publisher.listen(command_topic("+"), self._hear)
        self._publisher.connect()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _hear(self, command: Message) -> Message | None:
        if self._prefix not in command.topic:
            return None
        self.said.append(json.loads(command.payload))
        return self._answer(command)

    def _run(self) -> None:
        while not self._stop.wait(0.02):
            self._publisher.settle()
        self._publisher.close()

    def end(self) -> None:
        self._stop.set()
        self._thread.join(20)


@pytest.fixture
def controller() -> Iterator[Callable[..., Controller]]:
    started: list[Controller] = []

    def start(*args: Any) -> Controller:
        started.append(Controller(*args))
        return started[-1]

    yield start
    for one in started:
        one.end()


@pytest.fixture
def doors(broker: Broker, configure: Any) -> Iterator[Callable[[str], MqttJsonAgent]]:
    """`doors("x")` runs an agent with door-01 and door-02, whose controllers are xA and xB."""
    stop, threads = threading.Event(), []

    def start(client: str) -> MqttJsonAgent:
        agent = configure(DOORS.format(url=broker.url, client=client)).agents[0]
        ready = threading.Event()
        context = AgentContext(
            "doors", RealClock(), lambda _s, _e: None, stop, trouble=lambda reason: reason is None and ready.set()
        )
        built = agent.build([device.device for device in agent.devices], context)
        assert isinstance(built, MqttJsonAgent)
        threads.append(threading.Thread(target=built.run, daemon=True))
        threads[-1].start()
        assert ready.wait(20)
        return built

    yield start
    stop.set()
    for thread in threads:
        thread.join(20)


def test_a_door_is_unlocked_when_its_controller_says_so(broker: Broker, controller: Any, doors: Any) -> None:
    control = controller(broker, "unl")
    agent = doors("unl")
    assert agent.perform(Action("door-02", "unlock", {"seconds": 7}), timeout_s=20) == {"acknowledged": True}
    assert agent.perform(Action("door-01", "lock"), timeout_s=20) == {"acknowledged": True}
    assert [(said["cmd"], said.get("sec")) for said in control.said] == [("OPEN", 7), ("CLOSE", None)]
    assert len({said["req"] for said in control.said}) == 2


def test_a_controllers_refusal_is_handed_on_in_its_words(broker: Broker, controller: Any, doors: Any) -> None:
    def refuse(command: Message) -> Message:
        request = json.loads(command.payload)["req"]
        answer = {"req": request, "ok": False, "why": "LOCKDOWN"}
        return Message(command.topic.replace("command", "answer"), json.dumps(answer).encode())

    controller(broker, "ref", refuse)
    with pytest.raises(ActionRefused, match="the device refused it: LOCKDOWN"):
        doors("ref").perform(Action("door-01", "unlock"), timeout_s=20)


def test_an_answer_for_another_order_or_door_does_not_count(broker: Broker, controller: Any, doors: Any) -> None:
    def mix_up(command: Message) -> Message:
        request = json.loads(command.payload)["req"]
        other = command.topic.replace("mixA", "mixB").replace("command", "answer")
        return Message(other, json.dumps({"req": request, "ok": True}).encode())

    controller(broker, "mix", mix_up)
    agent = doors("mix")
    with pytest.raises(ActionUnanswered, match="may have been done or not"):
        agent.perform(Action("door-01", "unlock"), timeout_s=1.5)


def test_what_the_profile_does_not_allow_never_reaches_the_door(broker: Broker, controller: Any, doors: Any) -> None:
    control = controller(broker, "nev")
    agent = doors("nev")
    for action in (Action("door-01", "explode"), Action("door-01", "unlock", {"seconds": 31}), Action("x", "unlock")):
        with pytest.raises(ActionRefused):
            agent.perform(action, timeout_s=5)
    assert agent.perform(Action("door-01", "unlock"), timeout_s=20)
    assert len(control.said) == 1


def test_an_order_from_a_time_without_a_broker_is_not_carried_out_later(
    broker: Broker, controller: Any, configure: Any
) -> None:
    control = controller(broker, "lat")
    agent = configure(DOORS.format(url=broker.url, client="lat")).agents[0]
    stop, ready = threading.Event(), threading.Event()
    context = AgentContext("doors", RealClock(), lambda _s, _e: None, stop, trouble=lambda _reason: ready.set())
    built = agent.build([device.device for device in agent.devices], context)
    with pytest.raises(ActionRefused, match="too busy"):
        built.perform(Action("door-01", "unlock"), timeout_s=0.1)
    thread = threading.Thread(target=built.run, daemon=True)
    thread.start()
    assert ready.wait(20)
    assert built.perform(Action("door-01", "lock"), timeout_s=20)
    stop.set()
    thread.join(20)
    assert [said["cmd"] for said in control.said] == ["CLOSE"]


def test_a_door_may_hear_its_own_commands_and_answer_them_and_the_gateway_may_give_them(configure: Any) -> None:
    gateway, first, second = rights_of(configure(DOORS.format(url="mqtt://127.0.0.1:1", client="dc")))
    assert gateway.write == ("dc2/+/command",)
    assert "dc2/+/answer" in gateway.read
    assert first.read == ("dc2/dcA/command",)
    assert "dc2/dcA/answer" in first.write
    assert "dc2/dcA/command" not in first.write
    assert second.read == ("dc2/dcB/command",)
