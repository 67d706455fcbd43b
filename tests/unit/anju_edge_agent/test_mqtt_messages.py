import json
import math
from collections import Counter
from collections.abc import Callable

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from anju_contracts.event import EventState
from anju_contracts.quality import Quality
from anju_edge_agent.drivers.mqtt_messages import MOST_AHEAD_US, MOST_BEHIND_US, Interpreter
from anju_edge_agent.flow import Device, DeviceFlow
from anju_edge_agent.profile_reader import builtin_profile
from anju_edge_agent.samples import Handover, moment_of

S = 1_000_000
NOON = 1_767_268_800 * S
NOON_MS = NOON // 1000

Say = Callable[[str, object], Handover]


@pytest.fixture
def counts() -> Counter[str]:
    return Counter()


@pytest.fixture
def say(counts: Counter[str]) -> Say:
    """Says something to an interpreter of a few devices at noon; gives everything that came of it so far."""
    devices = [
        Device("lift-01", builtin_profile("shengtong-lm3"), "LM0001", 900.0),
        Device("lift-02", builtin_profile("shengtong-lm3"), "LM0002", 900.0),
        Device("lift-03", builtin_profile("hengan-lm10"), "77", 900.0),
        Device("door-01", builtin_profile("kaixin-dc2"), "DC0001", 900.0),
    ]

    def count(what: str) -> None:
        counts[what] += 1

    interpreter = Interpreter([DeviceFlow(device, now_us=NOON) for device in devices], count)
    out = Handover()

    def tell(topic: str, payload: object) -> Handover:
        body = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
        interpreter.interpret(topic, body, now_us=NOON, out=out)
        return out

    return tell


def lift_status(**changes: object) -> dict[str, object]:
    return {
        "sn": "LM0001",
        "ts": NOON_MS,
        "d": {"trips": 1, "door": {"close_ms": 2410}, "temp": {"motor": 41.5}},
        **changes,
    }


def test_a_status_of_a_lift_monitor_becomes_samples_at_the_devices_time(say: Say) -> None:
    out = say("liftmon/LM0001/status", lift_status(ts=NOON_MS - 5_250))
    assert {(sample.point, sample.value) for sample in out.samples} == {
        ("trips", 1.0),
        ("door_close_s", 2.41),
        ("motor_temp_c", 41.5),
    }
    assert {(sample.asset, sample.at_us, sample.quality) for sample in out.samples} == {
        ("lift-01", NOON - 5_250_000, 0)
    }


def test_a_fault_is_raised_and_cleared_under_its_anju_code(say: Say) -> None:
    say("liftmon/LM0001/fault", {"sn": "LM0001", "ts": NOON_MS, "code": 12, "on": True})
    say("liftmon/LM0001/fault", {"sn": "LM0001", "ts": NOON_MS, "code": 12, "on": True})
    out = say("liftmon/LM0001/fault", {"sn": "LM0001", "ts": NOON_MS + 4_000, "code": 12, "on": False})
    assert [(event.code, event.state, event.at, event.vendor_code) for event in out.events] == [
        ("lift.door_close_fault", EventState.RAISE, moment_of(NOON), "12"),
        ("lift.door_close_fault", EventState.CLEAR, moment_of(NOON + 4 * S), "12"),
    ]


def test_an_event_without_duration_is_momentary(say: Say) -> None:
    out = say(
        "dc2/DC0001/event", {"id": "DC0001", "time": "2026-01-01T12:00:00Z", "event": "READ_ERROR", "active": None}
    )
    assert [(event.asset, event.code, event.state) for event in out.events] == [
        ("door-01", "door.reader_error", EventState.MOMENTARY)
    ]


def test_a_monitor_of_another_vendor_is_debounced_here(say: Say) -> None:
    for second in range(6):
        out = say("hengan/lift/alarm", {"dev": {"id": 77, "t": NOON / S + second}, "alm": {"type": "CS", "set": 1}})
    assert [(event.code, event.at) for event in out.events] == [("lift.overspeed", moment_of(NOON + 5 * S))]
    out = say(
        "hengan/lift/up", {"dev": {"id": 77, "t": NOON / S}, "ch": [{"v": 5}] + [{"v": None}] * 7 + [{"v": -9999}]}
    )
    assert [(sample.point, sample.value, sample.quality) for sample in out.samples] == [
        ("trips", 5.0, Quality.GOOD),
        ("motor_temp_c", -999.9, Quality.BAD),
    ]


@pytest.mark.parametrize("ts", [(NOON + MOST_AHEAD_US) / 1000 + 1, (NOON - MOST_BEHIND_US) / 1000 - 1, "noon", None])
def test_a_device_time_that_cannot_be_is_flagged_and_counted(say: Say, counts: Counter[str], ts: object) -> None:
    out = say("liftmon/LM0001/status", lift_status(ts=ts))
    assert {(sample.at_us, sample.quality) for sample in out.samples} == {(NOON, Quality.UNCERTAIN)}
    assert counts == {"implausible_time": 1}


@pytest.mark.parametrize(
    ("topic", "payload", "oddity"),
    [
        ("liftmon/LM0001/status", b"\xff{", "unreadable_message"),
        ("liftmon/LM0001/status", b"[" * 10_000 + b"]" * 10_000, "unreadable_message"),
        ("liftmon/LM0001/status", [], "unknown_device"),
        ("liftmon/LM0009/status", lift_status(sn="LM0009"), "unknown_device"),
        ("liftmon/LM0002/status", lift_status(), "unknown_device"),
        ("somewhere/else", {}, "unknown_device"),
        ("liftmon/LM0001/status", lift_status(d={"trips": "many"}), "not_a_number"),
        ("liftmon/LM0001/status", lift_status(d={"trips": 10**400}), "not_a_number"),
        ("liftmon/LM0001/fault", {"sn": "LM0001", "ts": NOON_MS, "code": None, "on": True}, "unreadable_code"),
        ("liftmon/LM0001/fault", {"sn": "LM0001", "ts": NOON_MS, "code": "a/b", "on": True}, "unreadable_code"),
        ("liftmon/LM0001/fault", {"sn": "LM0001", "ts": NOON_MS, "code": 12, "on": "yes"}, "unreadable_code"),
    ],
)
def test_what_cannot_be_used_is_counted_and_stops_nothing(
    say: Say, counts: Counter[str], topic: str, payload: object, oddity: str
) -> None:
    out = say(topic, payload)
    assert not out
    assert counts == {oddity: 1}
    assert say("liftmon/LM0001/status", lift_status()).samples


GOOD: tuple[tuple[str, dict[str, object]], ...] = (
    ("liftmon/LM0001/status", lift_status()),
    ("liftmon/LM0001/fault", {"sn": "LM0001", "ts": NOON_MS, "code": 12, "on": True}),
    ("hengan/lift/up", {"dev": {"id": 77, "t": NOON / S}, "ch": [{"v": 5}] * 9}),
    ("hengan/lift/alarm", {"dev": {"id": 77, "t": NOON / S}, "alm": {"type": "CS", "set": True}}),
    ("dc2/DC0001/report", {"id": "DC0001", "time": "2026-01-01T12:00:00Z", "close_s": 2.1}),
    ("dc2/DC0001/event", {"id": "DC0001", "time": "2026-01-01T12:00:00Z", "event": "HELD", "active": True}),
)
AWKWARD = st.sampled_from([10**400, 1e308, -1e308, 2**63, "9999-12-31T23:59:59-14:00", "0001-01-01T00:00:00+14:00"])
LEAVES = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text()
ANYTHING = AWKWARD | LEAVES | st.lists(LEAVES, max_size=3) | st.dictionaries(st.text(max_size=3), LEAVES, max_size=3)


@st.composite
def spoilt(draw: st.DrawFn, good: object) -> object:
    """`good` with something else in one place, at any depth."""
    if isinstance(good, dict) and draw(st.integers(0, 9)):
        key = draw(st.sampled_from(sorted(good)))
        return {**good, key: draw(spoilt(good[key]))}
    if isinstance(good, list) and draw(st.integers(0, 9)):
        return [draw(spoilt(good[0])), *good[1:]]
    return draw(ANYTHING)


@given(st.sampled_from(GOOD).flatmap(lambda sent: st.tuples(st.just(sent[0]), spoilt(sent[1]))))
def test_whatever_a_device_says_stops_nothing_and_what_comes_of_it_can_be_kept(sent: tuple[str, object]) -> None:
    devices = (
        Device("lift-01", builtin_profile("shengtong-lm3"), "LM0001", 900.0),
        Device("lift-03", builtin_profile("hengan-lm10"), "77", 900.0),
        Device("door-01", builtin_profile("kaixin-dc2"), "DC0001", 900.0),
    )
    interpreter = Interpreter([DeviceFlow(device, now_us=NOON) for device in devices], lambda _what: None)
    out = Handover()
    interpreter.interpret(sent[0], json.dumps(sent[1]).encode(), now_us=NOON, out=out)
    assert all(math.isfinite(sample.value) and moment_of(sample.at_us) for sample in out.samples)
    assert len(msgspec.json.decode(msgspec.json.encode(out.events))) == len(out.events)


def test_it_subscribes_to_each_topic_once() -> None:
    flows = [
        DeviceFlow(Device(f"lift-{number}", builtin_profile("shengtong-lm3"), f"LM{number}", 900.0), now_us=NOON)
        for number in range(3)
    ]
    assert Interpreter(flows, lambda _what: None).filters == ("liftmon/+/fault", "liftmon/+/status")


def test_a_device_that_stops_reporting_is_silent_unless_nobody_listened() -> None:
    flow = DeviceFlow(Device("lift-01", builtin_profile("shengtong-lm3"), "LM0001", 900.0), now_us=NOON)
    interpreter = Interpreter([flow], lambda _what: None)
    out = Handover()
    patience_us = 900 * flow.device.profile.silent_after * S
    interpreter.forgive(NOON + patience_us)
    interpreter.advance(NOON + 2 * patience_us - S, out)
    assert not out
    interpreter.advance(NOON + 3 * patience_us, out)
    assert [(event.code, event.at) for event in out.events] == [("device.silent", moment_of(NOON + 2 * patience_us))]
