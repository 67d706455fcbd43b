from pathlib import Path

import pytest

from anju_contracts.codes import CODES, Severity
from anju_contracts.kinds import KINDS
from anju_edge_agent.actions import ActionSpec, ParamSpec
from anju_edge_agent.debounce import Debounce
from anju_edge_agent.dialect import JsonDialect
from anju_edge_agent.errors import ProfileError
from anju_edge_agent.profile import points_of
from anju_edge_agent.profile_reader import builtin_profile, builtin_profiles, find_profile, load_profile
from anju_edge_agent.registers import Block, ModbusMap, plan_blocks

MODBUS = """
driver = "modbus"
kind = "heat_meter"
model = "acme-h1"
period_s = 60
[[point]]
id = "power_kw"
unit = "kW"
address = 10
type = "s32"
"""
JSON = """
driver = "mqtt_json"
kind = "lift"
model = "acme-l1"
period_s = 60
[message.status]
topic = "acme/{device}/status"
[message.alarm]
topic = "acme/{device}/alarm"
code = "c"
active = "on"
[message.alarm.codes]
7 = "lift.trapped_level"
[[point]]
id = "trips"
kind = "counter"
path = "n"
"""


def write(folder: Path, text: str) -> Path:
    file = folder / "acme.toml"
    file.write_text(text, encoding="utf-8")
    return file


def problems_of(folder: Path, text: str) -> list[str]:
    with pytest.raises(ProfileError) as caught:
        load_profile(write(folder, text))
    return [f"{problem.key}: {problem.expected}" for problem in caught.value.problems]


@pytest.mark.parametrize("name", builtin_profiles())
def test_every_profile_that_comes_with_anju_is_sound(name: str) -> None:
    profile = builtin_profile(name)
    assert profile.model == profile.name == name
    assert profile.kind in KINDS
    assert all(point.label is not None for point in points_of(profile))
    rules = [threshold.rule for threshold in profile.thresholds]
    if isinstance(profile.protocol, JsonDialect):
        rules += [rule for message in profile.protocol.messages for rule in message.codes.values()]
    assert all(rule.code in CODES and rule.severity == CODES[rule.code].severity for rule in rules)


def test_the_sdm630_is_read_at_once_with_an_even_number_of_registers() -> None:
    protocol = builtin_profile("eastron-sdm630").protocol
    assert isinstance(protocol, ModbusMap)
    assert plan_blocks(protocol, range(8)) == (Block(4, 0, 74, tuple(range(8))),)


def test_both_lift_monitors_give_the_same_points() -> None:
    shengtong, hengan = builtin_profile("shengtong-lm3"), builtin_profile("hengan-lm10")
    assert {point.id for point in shengtong.points} == {point.id for point in hengan.points}


def test_a_new_model_is_a_new_file(tmp_path: Path) -> None:
    write(tmp_path, MODBUS)
    profile = find_profile("./acme.toml", tmp_path)
    assert [point.id for point in points_of(profile)] == ["power_kw", "comm_errors", "comm_latency_ms"]
    assert profile.points[0].period_s == 60


def test_codes_of_ones_own_need_a_severity(tmp_path: Path) -> None:
    own = JSON.replace('7 = "lift.trapped_level"', 'X = { code = "acme.smoke", severity = "critical", hold_s = 3 }')
    protocol = load_profile(write(tmp_path, own)).protocol
    assert isinstance(protocol, JsonDialect)
    rule = protocol.messages[1].codes["X"]
    assert (rule.code, rule.severity, rule.debounce) == ("acme.smoke", Severity.CRITICAL, Debounce(hold_s=3))
    without = JSON.replace('7 = "lift.trapped_level"', '7 = "lift.traped_level"')
    (problem,) = problems_of(tmp_path, without)
    assert problem.startswith("message.alarm.codes.7.code: ")
    assert "did you mean 'lift.trapped_level'" in problem


def test_every_mistake_of_a_modbus_profile_is_found_in_one_run(tmp_path: Path) -> None:
    text = """
    driver = "modbus"
    kind = "heat meter"
    period_s = 0
    silent_after = 0
    perod = 3
    label = { zh = "热表" }
    [modbus]
    function = 5
    max_registers = 200
    byte_order = "middle"
    [[point]]
    id = "power_kw"
    unit = "KW"
    kind = "guage"
    address = 70000
    type = "f16"
    plausible = [5, 1]
    scale = 0
    dead_band = -1
    [[point]]
    id = "power_kw"
    addres = 5
    type = "u64"
    address = 65533
    [[point]]
    id = "comm_errors"
    address = 1
    type = "u16"
    [[event]]
    point = "power"
    code = "no such"
    [[event]]
    point = "power_kw"
    falls = true
    code = "meter.leak"
    count = 3
    """
    found = problems_of(tmp_path, text)
    keys = {problem.split(":")[0] for problem in found}
    assert keys == {
        *("kind", "model", "period_s", "silent_after", "perod", "label.en"),
        *("modbus.function", "modbus.max_registers", "modbus.byte_order"),
        *(f"point[0].{key}" for key in ("unit", "kind", "address", "type", "plausible", "scale", "dead_band")),
        *("point[1].id", "point[1].addres", "point[1].address", "point[2].id"),
        *("event[0].point", "event[0].code", "event[0].below", "event[1].window_s", "event[1].falls"),
    }
    assert any("did you mean 'period_s'" in problem for problem in found)
    assert any("did you mean 'address'" in problem for problem in found)


def test_every_mistake_of_a_json_profile_is_found_in_one_run(tmp_path: Path) -> None:
    text = """
    driver = "mqtt_json"
    kind = "lift"
    model = "acme-l1"
    period_s = 60
    [message]
    oops = 3
    [message.status]
    topic = "acme/dev{device}/status"
    time = { path = "a..b", form = "hours" }
    [message.other]
    topic = "acme/#"
    device = "id"
    [message.alarm]
    topic = "acme/{device}/alarm"
    code = "c"
    [message.alarm.codes]
    1 = 5
    2 = "lift.tilt"
    3 = "lift.tilt"
    4 = { code = "lift.tilt2" }
    [[point]]
    id = "trips"
    message = "stat"
    path = "n"
    [[point]]
    id = "door"
    message = "status"
    words = { open = "yes" }
    """
    found = problems_of(tmp_path, text)
    assert {problem.split(":")[0] for problem in found} == {
        *("message.oops", "message.status.topic", "message.status.device", "message.status.time.path"),
        *("message.status.time.form", "message.other.topic", "message.alarm.codes.1.code"),
        *("message.alarm.codes.3", "message.alarm.codes.4.code"),
        *("point[0].message", "point[1].path", "point[1].words.open"),
    }


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("driver = ", "(syntax)"),
        ("", "driver"),
        ('driver = "modbus"\nkind = "a"\nmodel = "b"\nperiod_s = 1\n', "point"),
        ('driver = "modbus"\nkind = "a"\nmodel = "b"\nperiod_s = 1\npoint = [1]\n', "point"),
        ('driver = "modbus"\nkind = "a"\nmodel = "b"\nperiod_s = nan\npoint = []\n', "period_s"),
        (MODBUS.replace("period_s = 60", "period_s = true"), "period_s"),
        (MODBUS.replace("address = 10", "address = 1.5"), "point[0].address"),
        (MODBUS + "\n[[point]]\nid = 'x'\naddress = 1\ntype = 'u16'\nlabel = 3\n", "point[1].label"),
    ],
)
def test_a_file_that_is_no_profile_says_so(tmp_path: Path, text: str, key: str) -> None:
    assert any(problem.startswith(f"{key}: ") for problem in problems_of(tmp_path, text))


def test_a_profile_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ProfileError, match=r"gone\.toml: \(file\)"):
        find_profile("gone.toml", tmp_path)


def test_a_thousand_points_are_enough_for_any_device(tmp_path: Path) -> None:
    many = "\n".join(f'[[point]]\nid = "p{number}"\naddress = {number}\ntype = "u16"' for number in range(1_001))
    (problem,) = problems_of(tmp_path, MODBUS.split("[[point]]", maxsplit=1)[0] + many)
    assert problem == "point: at most 1000 points"


ACTION = """
[action.unlock]
topic = "acme/{device}/do"
payload = { id = "{id}", s = "{seconds}", what = "open" }
answer_topic = "acme/{device}/did"
answer_id = "id"
done = "ok"
params = { seconds = { least = 1, most = 9, usual = 3 } }
"""


def test_a_profile_says_what_its_devices_can_be_told_to_do(tmp_path: Path) -> None:
    profile = load_profile(write(tmp_path, JSON.replace("[[point]]", f"{ACTION}\n[[point]]")))
    assert profile.actions == {"unlock": ActionSpec("unlock", {"seconds": ParamSpec(1, 9, 3)})}
    assert load_profile(write(tmp_path, MODBUS)).actions == {}


@pytest.mark.parametrize(
    ("wrong", "right", "key"),
    [
        ('"acme/{device}/do"', '"acme/all/do"', "action.unlock.topic"),
        ('"acme/{device}/did"', '"acme/{device}/+"', "action.unlock.answer_topic"),
        ('"{seconds}"', '"{second}"', "action.unlock.payload.s"),
        ("usual = 3", "usual = 30", "action.unlock.params.seconds.usual"),
        ("{ least = 1, most = 9, usual = 3 }", "5", "action.unlock.params.seconds"),
        ("[action.unlock]", '[action]\n"un lock" = {}\nlock = 3\n[action.unlock]', "action.un lock"),
    ],
)
def test_a_mistake_in_an_action_is_named(tmp_path: Path, wrong: str, right: str, key: str) -> None:
    text = JSON.replace("[[point]]", f"{ACTION.replace(wrong, right)}\n[[point]]")
    assert any(problem.startswith(f"{key}: ") for problem in problems_of(tmp_path, text))


OSDP = """
driver = "osdp"
kind = "door"
model = "acme-r1"
period_s = 60
[[point]]
id = "online"
kind = "state"
source = "online"
[action.unlock]
command = "output"
params = { seconds = { least = 1, most = 20, usual = 3 } }
"""


@pytest.mark.parametrize(
    ("wrong", "right", "key"),
    [
        ('source = "online"', 'source = "on"', "point[0].source"),
        ('"output"', '"open"', "action.unlock.command"),
        ("most = 20", "most = 60", "action.unlock.params.seconds.most"),
        ("seconds =", "times =", "action.unlock.params.times"),
        ('command = "output"', 'command = "led"\ncolor = "pink"', "action.unlock.color"),
    ],
)
def test_a_mistake_in_a_readers_profile_is_named(tmp_path: Path, wrong: str, right: str, key: str) -> None:
    assert any(problem.startswith(f"{key}: ") for problem in problems_of(tmp_path, OSDP.replace(wrong, right)))


def test_a_mistake_in_a_dlt645_profile_is_named(tmp_path: Path) -> None:
    text = MODBUS.replace('"modbus"', '"dlt645"').replace('address = 10\ntype = "s32"', 'identifier = "0001"')
    assert {problem.split(":")[0] for problem in problems_of(tmp_path, text)} == {
        "point[0].identifier",
        "point[0].length",
    }
