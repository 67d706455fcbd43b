from dataclasses import replace
from pathlib import Path

from anju_contracts.event import Event, EventState
from anju_contracts.quality import Quality
from anju_edge_agent.flow import MOST_CODES, Device, DeviceFlow, unknown_code
from anju_edge_agent.profile import Profile
from anju_edge_agent.profile_reader import builtin_profile, load_profile
from anju_edge_agent.samples import Handover, Sample, moment_of

S = 1_000_000
NOON = 1_767_268_800 * S
TANK = """
driver = "modbus"
kind = "tank"
model = "acme-t1"
period_s = 60
[[point]]
id = "level_m"
unit = "m"
address = 0
type = "u16"
scale = 0.001
offset = -0.5
plausible = [0, 5]
error = 65535
[[point]]
id = "pumped_m3"
unit = "m3"
kind = "counter"
address = 1
type = "u16"
[[event]]
point = "level_m"
above = 4.0
margin = 0.5
hold_s = 60
code = "tank.high"
severity = "major"
[[event]]
point = "pumped_m3"
falls = true
code = "meter.register_backwards"
"""


def tank(folder: Path) -> Profile:
    (folder / "acme-t1.toml").write_text(TANK, encoding="utf-8")
    return load_profile(folder / "acme-t1.toml")


def flow_of(profile: Profile, *raised: str) -> DeviceFlow:
    return DeviceFlow(Device("tank-1", profile, "1", 60.0), now_us=NOON, raised=raised)


def told(events: list[Event]) -> list[tuple[str, EventState]]:
    return [(event.code, event.state) for event in events]


def test_raw_values_become_values_in_the_points_unit(tmp_path: Path) -> None:
    out = Handover()
    flow_of(tank(tmp_path)).take(NOON, [(0, 2_500.0), (1, 7.0)], out)
    assert out.samples == [Sample("tank-1", "level_m", NOON, 2.0), Sample("tank-1", "pumped_m3", NOON, 7.0)]


def test_an_implausible_value_is_uncertain_and_a_failed_sensor_bad(tmp_path: Path) -> None:
    out, flow = Handover(), flow_of(tank(tmp_path))
    flow.take(NOON, [(0, 9_000.0)], out)
    flow.take(NOON + S, [(0, 65_535.0)], out)
    flow.take(NOON + 2 * S, [(0, 1_000.0)], out, doubtful=True)
    assert [sample.quality for sample in out.samples] == [Quality.UNCERTAIN, Quality.BAD, Quality.UNCERTAIN]


def test_a_value_that_is_infinite_in_the_points_unit_is_none(tmp_path: Path) -> None:
    file, out = tmp_path / "acme-t2.toml", Handover()
    file.write_text(TANK.replace("scale = 0.001", "scale = 1000"), encoding="utf-8")
    flow_of(load_profile(file)).take(NOON, [(0, 1e308), (1, 7.0)], out)
    assert [sample.point for sample in out.samples] == ["pumped_m3"]


def test_a_threshold_is_raised_after_its_hold_and_cleared_beyond_its_margin(tmp_path: Path) -> None:
    out, flow = Handover(), flow_of(tank(tmp_path))
    for minute, level_m in enumerate((4.2, 4.3, 3.8, 3.4)):
        flow.take(NOON + minute * 60 * S, [(0, (level_m + 0.5) * 1000)], out)
    assert [(event.state, event.at) for event in out.events] == [
        (EventState.RAISE, moment_of(NOON + 60 * S)),
        (EventState.CLEAR, moment_of(NOON + 180 * S)),
    ]
    assert out.events[0].value == 4.3


def test_time_alone_raises_an_alarm_whose_hold_is_over(tmp_path: Path) -> None:
    out, flow = Handover(), flow_of(tank(tmp_path))
    flow.take(NOON, [(0, 4_900.0)], out)
    flow.advance(NOON + 59 * S, out)
    assert out.events == []
    flow.advance(NOON + 61 * S, out)
    assert told(out.events) == [("tank.high", EventState.RAISE)]


def test_a_broken_sensor_is_no_broken_tank(tmp_path: Path) -> None:
    out, flow = Handover(), flow_of(tank(tmp_path))
    for minute in range(5):
        flow.take(NOON + minute * 60 * S, [(0, 60_000.0)], out)
    assert out.events == []


def test_a_counter_that_falls_is_told_each_time(tmp_path: Path) -> None:
    out, flow = Handover(), flow_of(tank(tmp_path))
    for minute, count in enumerate((5.0, 6.0, 2.0, 3.0, 1.0)):
        flow.take(NOON + minute * 60 * S, [(1, count)], out)
    assert told(out.events) == [("meter.register_backwards", EventState.MOMENTARY)] * 2


def test_an_alarm_from_before_a_restart_is_cleared_by_its_point(tmp_path: Path) -> None:
    out, flow = Handover(), flow_of(tank(tmp_path), "tank.high")
    flow.take(NOON, [(0, 2_500.0)], out)
    assert told(out.events) == [("tank.high", EventState.CLEAR)]


def test_silence_is_an_event_of_the_asset_and_never_a_sample(tmp_path: Path) -> None:
    out, flow = Handover(), flow_of(replace(tank(tmp_path), silent_after=2))
    for minute in (1, 2, 3):
        flow.missed(NOON + minute * 60 * S, out)
    flow.heard(NOON + 240 * S, out)
    flow.heard(NOON + 300 * S, out)
    assert told(out.events) == [("device.silent", EventState.RAISE), ("device.silent", EventState.CLEAR)]
    assert out.samples == []


def test_a_code_that_the_profile_does_not_know_is_carried_under_the_models_name() -> None:
    profile = builtin_profile("shengtong-lm3")
    rule = unknown_code(profile, "77")
    assert rule is not None
    assert (rule.code, rule.vendor_code) == ("shengtong-lm3.77", "77")
    assert unknown_code(profile, "a/b") is None


def test_a_device_that_makes_up_codes_gets_no_more_memory() -> None:
    profile = builtin_profile("shengtong-lm3")
    out, flow = Handover(), flow_of(profile)
    for number in range(MOST_CODES + 1):
        rule = unknown_code(profile, f"x{number}")
        assert rule is not None
        flow.report(NOON, rule, active=True, out=out)
    assert [event.state for event in out.events[-2:]] == [EventState.RAISE, EventState.MOMENTARY]


def test_waiting_alarms_by_code_are_raised_by_time_alone() -> None:
    profile = builtin_profile("hengan-lm10")
    flow, out = flow_of(profile), Handover()
    rule = profile.protocol.messages[1].codes["MQW"]  # type: ignore[union-attr]
    flow.report(NOON, rule, active=True, out=out)
    flow.advance(NOON + 46 * S, out)
    assert told(out.events) == [("lift.stop_outside_zone", EventState.RAISE)]
    assert out.events[0].at == moment_of(NOON + 45 * S)
