"""DL/T 645 against the standard's own bytes."""

import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from anju_edge_agent.dlt645 import Dlt645Map, Field, Query, decode_bcd, error_text, plan_queries, wire_address
from anju_edge_agent.drivers.dlt645_frames import Reply, read_request, take_reply
from anju_edge_agent.profile_reader import builtin_profile

METER = "000000000161"
REQUEST = bytes.fromhex("68 61 01 00 00 00 00 68 11 04 33 33 34 33 14 16")
REPLY = bytes.fromhex("68 61 01 00 00 00 00 68 91 08 33 33 34 33 59 33 33 33 8A 16")


def test_the_request_for_imported_energy_is_the_standards_bytes() -> None:
    assert read_request(METER, "00010000", preamble=0) == REQUEST
    assert read_request(METER, "00010000", preamble=4) == b"\xfe\xfe\xfe\xfe" + REQUEST


def test_the_answer_to_it_is_a_quarter_kilowatt_hour_and_a_bit() -> None:
    rest, reply = take_reply(REPLY)
    assert rest == b""
    assert reply == Reply(wire_address(METER), 0x91, bytes.fromhex("00000100 26000000"))
    assert reply.answers_reading
    assert not reply.refused
    value = decode_bcd(reply.data[4:], signed=False)
    assert value is not None
    assert value * 0.01 == pytest.approx(0.26)


@pytest.mark.parametrize(
    ("data", "signed", "value"),
    [
        ("5823", False, 2358.0),
        ("21 43 05", True, 54321.0),
        ("21 43 85", True, -54321.0),
        ("00 00 80", True, 0.0),
        ("FF FF", False, None),
        ("FF FF FF", True, None),
        ("0A 00", False, None),
    ],
)
def test_data_are_decimal_digits_least_significant_first(data: str, signed: bool, value: float | None) -> None:
    assert decode_bcd(bytes.fromhex(data), signed=signed) == value


def test_frames_are_found_in_noise_and_broken_ones_are_skipped() -> None:
    broken = REPLY[:-2] + b"\x00\x16"
    rest, reply = take_reply(b"\x00\xfe\x68\x01" + broken + b"\xfe" * 4 + REPLY + REQUEST[:5])
    assert reply is not None
    assert reply.data[4:] == bytes.fromhex("26000000")
    assert rest == REQUEST[:5]


@given(st.integers(0, len(REPLY)))
def test_an_answer_may_come_in_two_pieces(cut: int) -> None:
    rest, reply = take_reply(REPLY[:cut])
    if reply is None:
        rest, reply = take_reply(rest + REPLY[cut:])
    assert reply is not None
    assert reply.control == 0x91


@given(st.binary(max_size=300))
def test_noise_is_never_kept_for_long(noise: bytes) -> None:
    rest, _ = take_reply(noise)
    assert len(rest) <= len(noise)


def test_points_under_one_identifier_are_asked_for_at_once() -> None:
    fields = (Field("0201FF00", 0, 2), Field("00010000", 0, 4), Field("0201FF00", 2, 2))
    meter = Dlt645Map(fields)
    assert plan_queries(meter, range(3)) == (Query(meter, "0201FF00", (0, 2)), Query(meter, "00010000", (1,)))
    protocol = builtin_profile("dlt645-three-phase").protocol
    assert isinstance(protocol, Dlt645Map)
    assert len(plan_queries(protocol, range(8))) == 4


def test_a_refusal_says_why() -> None:
    assert "no data under this identifier" in error_text(0x02)
    assert "password" in error_text(0x04)
    assert error_text(0) == "it does not say why"


CHECK = """
import sys
import anju_edge_agent.drivers.catalog
assert "dlt645.config.event_record_types" not in sys.modules
import dlt645
assert dlt645.MeterClientService is not None
"""


def test_the_tables_of_the_package_are_not_loaded_and_it_is_whole_for_others() -> None:
    subprocess.run([sys.executable, "-c", CHECK], check=True, timeout=60)
