"""Wiring, the gateway's configuration, ports, scenario files and what makes a demo fail."""

import socket
import tomllib
from pathlib import Path
from typing import Any

import pytest

from anju_simulators.demo.errors import DemoError
from anju_simulators.demo.gateway_config import Lines, gateway_toml
from anju_simulators.demo.kept import read_kept, write_kept
from anju_simulators.demo.plan import Options, Places, choose_flavour, scenario_toml
from anju_simulators.demo.ports import free_run, is_free, preferred_port
from anju_simulators.demo.report import broken_links
from anju_simulators.devices.wiring import wire
from anju_simulators.fleet import fleet
from anju_simulators.scenario import Scenario, read_scenario

SMALL = Scenario(lifts=3, doors=2, electric_meters=5, water_meters=3)
GOOD: dict[str, Any] = {
    "heard": {"lift": 1, "door": 2},
    "assets": {"door": 2, "lift": 1},
    "lost": 0,
    "duplicated": 0,
    "dead_letters": 0,
    "model_opens_tickets": True,
    "tickets": {"proactive": 2, "alarm": 1, "complaint": 0},
    "pages_failed": [],
    "ended_badly": [],
}


def test_meters_share_converters_by_kind_with_unit_ids_from_one() -> None:
    wiring = wire(fleet(SMALL), meters_a_converter=4)
    places = [(meter.asset, meter.converter, meter.unit) for meter in wiring.meters]
    assert places[:5] == [("em-001", 0, 1), ("em-002", 0, 2), ("em-003", 0, 3), ("em-004", 0, 4), ("em-005", 1, 1)]
    assert places[5:] == [("wm-001", 2, 1), ("wm-002", 2, 2), ("wm-003", 2, 3)]
    assert wiring.converters == 3


def test_every_monitor_has_a_serial_number_of_its_own() -> None:
    monitors = wire(fleet(SMALL), meters_a_converter=4).monitors
    assert [monitor.asset for monitor in monitors] == ["lift-01", "lift-02", "lift-03", "door-01", "door-02"]
    assert len({monitor.serial for monitor in monitors}) == 5


def test_the_gateways_configuration_has_every_device_once_on_its_line() -> None:
    specs = fleet(SMALL)
    lines = Lines("mqtt://127.0.0.1:1", "mqtt://127.0.0.1:2", 15020, Path("/var/anju"), 3600.0)
    config = tomllib.loads(gateway_toml(SMALL, specs, wire(specs, meters_a_converter=4), lines))
    assert (config["community"], config["community_label"]["zh"]) == ("jinxiu", "锦绣花园")
    devices = [device for agent in config["agent"] for device in agent["device"]]
    assert sorted(device["asset"] for device in devices) == sorted(spec.asset_id for spec in specs)
    assert [agent.get("port") for agent in config["agent"]] == [15020, 15021, 15022, None, None]
    assert devices[0] == {
        "asset": "em-001",
        "profile": "eastron-sdm630",
        "unit": 1,
        "period_s": 3600,
        "location": "1栋",
        "installed_on": specs[5].installed_on,
        "label": {"zh": "1号电表", "en": "electric meter 1"},
    }


def test_a_scenario_written_as_toml_is_read_back_unchanged(tmp_path: Path) -> None:
    path = tmp_path / "scenario.toml"
    path.write_text(scenario_toml(SMALL), encoding="utf-8")
    assert read_scenario(path) == SMALL


def test_a_port_in_use_is_replaced_by_the_next_free_one() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert not is_free(port)
        assert preferred_port(port) > port
        assert free_run(port, 2) > port


def test_a_free_port_is_taken_as_it_is() -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    assert preferred_port(port) == port


def test_timescale_is_preferred_where_it_is_and_a_wish_is_a_wish() -> None:
    assert choose_flavour("auto", ("plain", "timescale")) == "timescale"
    assert choose_flavour("auto", ("plain",)) == "plain"
    assert choose_flavour("plain", ("plain", "timescale")) == "plain"


def test_a_kept_demo_goes_on_with_its_community_and_only_when_asked(tmp_path: Path) -> None:
    places = Places(tmp_path)
    write_kept(places, Options(tmp_path, lifts=3, seed=7), "plain")
    kept = read_kept(places, Options(tmp_path, keep=True, speed=60.0))
    assert kept is not None
    assert (kept.lifts, kept.seed, kept.flavour, kept.speed) == (3, 7, "plain", 60.0)
    assert read_kept(places, Options(tmp_path)) is None


def test_a_kept_demo_that_cannot_be_read_says_what_to_do(tmp_path: Path) -> None:
    Places(tmp_path).kept.write_text("{", encoding="utf-8")
    with pytest.raises(DemoError, match="start without --keep"):
        read_kept(Places(tmp_path), Options(tmp_path, keep=True))


def test_a_demo_in_which_every_link_worked_has_nothing_to_complain_about() -> None:
    assert broken_links(GOOD) == []


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"heard": {"lift": 1}}, "no reading of some kind"),
        ({"lost": 2}, "2 readings were lost"),
        ({"duplicated": 1}, "stored twice"),
        ({"dead_letters": 3}, "3 messages"),
        ({"model_opens_tickets": False}, "the model opens no tickets"),
        ({"tickets": {"proactive": 0, "alarm": 1, "complaint": 0}}, "no proactive ticket"),
        ({"tickets": {"proactive": 1, "alarm": 0, "complaint": 0}}, "alarm or a complaint"),
        ({"pages_failed": ["/: 500"]}, "/: 500"),
        ({"ended_badly": ["worker"]}, "worker"),
    ],
)
def test_a_link_that_did_not_work_is_named(change: dict[str, Any], words: str) -> None:
    (problem,) = broken_links({**GOOD, **change})
    assert words in problem
