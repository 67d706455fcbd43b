"""A Modbus TCP converter with several meters, read by pymodbus's client."""

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

from pymodbus.client import AsyncModbusTcpClient
from pymodbus.exceptions import ModbusIOException
from pymodbus.pdu import ModbusPDU

from anju_simulators.devices.converter import Answer, Converter
from anju_simulators.devices.meter import MeterUnit
from anju_simulators.devices.publication import PublicationLog, read_publications
from anju_simulators.devices.registers import WM1, Refused
from anju_simulators.records import Link

AT = datetime(2026, 3, 1, tzinfo=UTC)
GOOD = {"total_m3": 10.0, "flow_m3_h": 0.5, "battery_v": 3.5, "signal_dbm": -70.0}
PROMPT = Link(silent=False, error_share=0.0, latency_ms=1.0)


class Meters:
    """A world of meters: what each one shows now, and how its module answers."""

    def __init__(self, shown: Mapping[str, Mapping[str, float]], **links: Link) -> None:
        self.shown = shown
        self.links = {asset.replace("_", "-"): link for asset, link in links.items()}

    def readings(self, asset_id: str, at: datetime) -> Mapping[str, float]:
        return self.shown[asset_id]

    def link(self, asset_id: str, at: datetime) -> Link:
        return self.links.get(asset_id, PROMPT)

    def unit(self, asset: str, publications: PublicationLog) -> MeterUnit:
        return MeterUnit(asset, WM1, self, lambda: AT, publications)


async def ask(meters: Meters, requests: list[tuple[int, int, int]], path: Path) -> list[ModbusPDU | None]:
    """The answers to (unit, address, count), None for silence; unit n is `wm-n`."""
    with PublicationLog(path) as publications:
        units = {int(asset[3:]): meters.unit(asset, publications) for asset in meters.shown}
        converter = Converter(units)
        port = await converter.start()
        client = AsyncModbusTcpClient("127.0.0.1", port=port, timeout=0.8, retries=0)
        assert await client.connect()
        answers: list[ModbusPDU | None] = []
        for unit, address, count in requests:
            try:
                answers.append(await client.read_input_registers(address, count=count, device_id=unit))
            except ModbusIOException:
                answers.append(None)
        client.close()
        await converter.stop()
    return answers


def floats(answer: ModbusPDU | None) -> list[float]:
    assert answer is not None
    found = AsyncModbusTcpClient.convert_from_registers(list(answer.registers), AsyncModbusTcpClient.DATATYPE.FLOAT32)
    assert isinstance(found, list)
    return [float(value) for value in found if isinstance(value, int | float)]


def test_each_unit_behind_one_port_answers_for_itself_and_its_answer_is_logged(tmp_path: Path) -> None:
    meters = Meters({"wm-1": GOOD, "wm-2": {**GOOD, "total_m3": 20.0}})
    answers = asyncio.run(ask(meters, [(1, 0, 4), (2, 0, 8)], tmp_path / "log.csv"))
    assert floats(answers[0]) == [10.0, 0.5]
    assert floats(answers[1]) == [20.0, 0.5, 3.5, -70.0]
    logged = [(line.asset, line.name, line.detail) for line in read_publications(tmp_path / "log.csv")]
    assert logged[:3] == [("wm-1", "total_m3", "10.0"), ("wm-1", "flow_m3_h", "0.5"), ("wm-2", "total_m3", "20.0")]
    assert len(logged) == 6


def test_half_a_float_and_an_unknown_unit_get_exceptions_and_nothing_is_logged(tmp_path: Path) -> None:
    answers = asyncio.run(ask(Meters({"wm-1": GOOD}), [(1, 0, 3), (9, 0, 2), (1, 0, 124)], tmp_path / "log.csv"))
    assert [answer.exception_code for answer in answers if answer] == [3, 11, 3]
    assert not list(read_publications(tmp_path / "log.csv"))


def test_a_dead_module_is_silent_and_the_others_on_its_bus_still_answer(tmp_path: Path) -> None:
    meters = Meters({"wm-1": GOOD, "wm-2": GOOD}, wm_1=Link(silent=True, error_share=1.0, latency_ms=0.0))
    answers = asyncio.run(ask(meters, [(1, 0, 8), (2, 0, 8)], tmp_path / "log.csv"))
    assert answers[0] is None
    assert floats(answers[1])[0] == 10.0
    assert {line.asset for line in read_publications(tmp_path / "log.csv")} == {"wm-2"}


def test_an_answer_later_than_the_converter_waits_is_lost_on_the_bus(tmp_path: Path) -> None:
    meters = Meters({"wm-1": GOOD}, wm_1=Link(silent=False, error_share=0.0, latency_ms=2000.0))
    answers = asyncio.run(ask(meters, [(1, 0, 8)], tmp_path / "log.csv"))
    assert answers == [None]
    assert not list(read_publications(tmp_path / "log.csv"))


def test_a_point_without_a_value_reads_as_not_a_number_and_is_not_logged(tmp_path: Path) -> None:
    answers = asyncio.run(ask(Meters({"wm-1": {"total_m3": 10.0}}), [(1, 0, 4)], tmp_path / "log.csv"))
    assert str(floats(answers[0])) == "[10.0, nan]"
    assert [line.name for line in read_publications(tmp_path / "log.csv")] == ["total_m3"]


def test_a_failing_module_spoils_only_the_first_request_of_a_reading(tmp_path: Path) -> None:
    meters = Meters({"wm-1": GOOD}, wm_1=Link(silent=False, error_share=1.0, latency_ms=0.0))
    outcomes = set()
    with PublicationLog(tmp_path / "log.csv") as publications:
        unit = meters.unit("wm-1", publications)
        for _ in range(20):
            try:
                outcomes.add(unit(4, 0, 4))
            except Refused as refused:
                outcomes.add(refused.code)
        assert outcomes == {None, 4}
        assert isinstance(unit(4, 4, 4), Answer)
