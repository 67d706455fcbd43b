"""Simulated meters, readers and doors, against the bytes of their standards and the words of their vendors."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

import pytest

from anju_simulators.devices.dlt645 import (
    ANSWER,
    NO_SUCH_DATA,
    READ,
    REFUSAL,
    Dlt645Meter,
    Request,
    build_frame,
    encode_items,
    take_request,
)
from anju_simulators.devices.kaixin import obey
from anju_simulators.devices.osdp_reader import wiegand26
from anju_simulators.devices.publication import PublicationLog, read_publications
from anju_simulators.devices.registers import DDSU666, DTSU666, Refused, check_request, encode_registers
from anju_simulators.devices.vendor_json import Message
from anju_simulators.devices.wiring import reader_specs, wire
from anju_simulators.fleet import fleet
from anju_simulators.records import Link
from anju_simulators.scenario import Scenario, ScenarioError

AT = datetime(2026, 3, 1, tzinfo=UTC)
METER = "000000000161"
REQUEST = bytes.fromhex("68 61 01 00 00 00 00 68 11 04 33 33 34 33 14 16")
REPLY = bytes.fromhex("68 61 01 00 00 00 00 68 91 08 33 33 34 33 59 33 33 33 8A 16")


def test_a_dlt645_meter_hears_and_says_the_standards_bytes() -> None:
    assert take_request(REQUEST) == (b"", Request(METER, READ, bytes.fromhex("00000100")))
    data = bytes.fromhex("00000100") + encode_items("00010000", {"import_kwh": 0.26})
    assert build_frame(METER, ANSWER, data) == REPLY


def test_a_request_is_found_in_noise_and_a_broken_one_is_not() -> None:
    assert take_request(b"\xfe\x68\x00" + REQUEST + b"\x68") == (
        b"\x68",
        Request(METER, READ, bytes.fromhex("00000100")),
    )
    assert take_request(REQUEST[:-2] + b"\x00\x16" + b"\x00" * 12) == (b"", None)
    rest, request = take_request(REQUEST[:9])
    assert (rest, request) == (REQUEST[:9], None)


@pytest.mark.parametrize(
    ("identifier", "values", "data"),
    [
        ("02010100", {"voltage_l1_v": 235.8}, "5823"),
        ("02020100", {"current_l1_a": -5.4321}, "325480"),
        ("02030000", {"power_w": 1234.5}, "452301"),
        ("0201FF00", {"voltage_l1_v": 230.0, "voltage_l3_v": 231.0}, "0023FFFF1023"),
    ],
)
def test_values_are_decimal_digits_least_significant_first(
    identifier: str, values: dict[str, float], data: str
) -> None:
    assert encode_items(identifier, values).hex().upper() == data


class OneMeter:
    def __init__(self, link: Link) -> None:
        self._link = link

    def readings(self, _asset_id: str, _at: datetime) -> Mapping[str, float | None]:
        return {"import_kwh": 12.345, "power_w": None}

    def link(self, _asset_id: str, _at: datetime) -> Link:
        return self._link


def ask(link: Link, identifier: str, path: Path) -> tuple[int, bytes] | None:
    with PublicationLog(path) as publications:
        meter = Dlt645Meter("em-1", OneMeter(link), lambda: AT, publications)
        told = meter(READ, bytes.fromhex(identifier)[::-1])
        if told is None:
            return None
        told.sent()
        return told.control, told.data


def test_what_a_meter_says_is_what_is_logged(tmp_path: Path) -> None:
    path = tmp_path / "log.csv"
    prompt = Link(silent=False, error_share=0.0, latency_ms=1.0)
    assert ask(prompt, "00010000", path) == (ANSWER, bytes.fromhex("00000100 34120000"))
    assert [(line.name, line.detail) for line in read_publications(path)] == [("import_kwh", "12.34")]
    assert ask(prompt, "04000101", path) == (REFUSAL, bytes([NO_SUCH_DATA]))
    assert ask(Link(silent=True, error_share=0.0, latency_ms=0.0), "00010000", path) is None
    assert ask(Link(silent=False, error_share=1.0, latency_ms=0.0), "0201FF00", path) is None
    assert not list(read_publications(path))


def test_chint_meters_hold_scaled_numbers_in_holding_registers() -> None:
    assert encode_registers(DTSU666, {"voltage_l1_v": 230.5}, 0x2006, 2) == [0x4510, 0x1000]
    assert encode_registers(DDSU666, {"power_w": 1500.0}, 0x2004, 2) == [0x3FC0, 0x0000]
    check_request(DDSU666, 3, 0x4000, 2)
    for function, address, code in ((4, 0x2000, 1), (3, 0x3000, 2), (3, 0x2012, 2)):
        with pytest.raises(Refused) as refused:
            check_request(DDSU666, function, address, 4)
        assert refused.value.code == code


def test_a_card_is_read_with_even_parity_in_front_and_odd_behind() -> None:
    for card in (0, 1, 4711, 0xFFFFFF):
        bits = wiegand26(card)
        assert len(bits) == 26
        assert bits[:13].count("1") % 2 == 0
        assert bits[13:].count("1") % 2 == 1
        assert int(bits[1:25], 2) == card


@pytest.mark.parametrize(
    ("said", "answer"),
    [
        ({"req": "1", "cmd": "OPEN", "sec": 5}, {"id": "DC1", "req": "1", "ok": True}),
        ({"req": "2", "cmd": "CLOSE"}, {"id": "DC1", "req": "2", "ok": True}),
        ({"req": "3", "cmd": "OPEN", "sec": 600}, {"id": "DC1", "req": "3", "ok": False, "why": "BAD SEC"}),
        ({"req": "4", "cmd": "MELT"}, {"id": "DC1", "req": "4", "ok": False, "why": "UNKNOWN CMD"}),
    ],
)
def test_a_door_controller_obeys_and_says_so(said: dict[str, object], answer: dict[str, object]) -> None:
    message = obey(Message("dc2/DC1/command", json.dumps(said).encode()))
    assert message is not None
    assert message.topic == "dc2/DC1/answer"
    assert json.loads(message.payload) == answer


@pytest.mark.parametrize("payload", [b"{", b"[]", b"{}", b'{"req": 1}'])
def test_a_door_controller_does_not_answer_what_it_cannot_read(payload: bytes) -> None:
    assert obey(Message("dc2/DC1/command", payload)) is None


def test_meters_of_different_protocols_share_no_line_and_readers_have_one_of_their_own() -> None:
    scenario = Scenario(lifts=0, doors=0, electric_meters=12, water_meters=2, other_meter_share=0.5)
    wiring = wire(fleet(scenario), meters_a_converter=4, readers=2)
    lines = [{place.protocol for place in wiring.behind(number)} for number in range(wiring.converters)]
    assert lines == [{"modbus_tcp"}, {"modbus_tcp"}, {"modbus_rtu"}, {"dlt645"}, {"modbus_tcp"}, {"osdp"}]
    assert len({place.meter_address for place in wiring.meters}) == len(wiring.meters)
    assert [spec.asset_id for spec in reader_specs(scenario, 2)] == [place.asset for place in wiring.readers]


def test_a_share_of_meters_is_a_share() -> None:
    with pytest.raises(ScenarioError, match="other_meter_share"):
        Scenario(other_meter_share=-0.1)
