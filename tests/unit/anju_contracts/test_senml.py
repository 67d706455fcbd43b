import json
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from anju_contracts.envelope import MAX_SEQ, Envelope
from anju_contracts.errors import ContractError
from anju_contracts.senml import EARLIEST_US, LATEST_US, MAX_SAMPLES, Pack, decode_pack, encode_pack, split_sample_name

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
NOW_US = int(NOW.timestamp() * 1e6)

names = st.text("aZ09._-", max_size=6).map("x".__add__)
samples = st.tuples(
    st.builds("{}/{}".format, names, names),
    st.integers(EARLIEST_US, LATEST_US - 1),
    st.floats(allow_nan=False, allow_infinity=False),
    st.sampled_from([0, 1, 2]),
    st.none() | st.sampled_from(["Cel", "kW.h", "1"]),
)
envelopes = st.none() | st.builds(Envelope, names, st.integers(1, MAX_SEQ), st.booleans())


def pack_of(*records: dict[str, object]) -> Pack:
    return decode_pack(json.dumps(list(records)).encode(), now=NOW)


def is_read_or_refused(payload: bytes) -> bool:
    """Whether `payload` gave samples or an error that names a field; any other error passes through."""
    try:
        return len(decode_pack(payload, now=NOW)) > 0
    except ContractError as error:
        return bool(error.field and error.expected)


@given(envelopes, st.lists(samples, min_size=1, max_size=40))
def test_what_a_gateway_packs_is_what_the_platform_unpacks(
    envelope: Envelope | None, rows: list[tuple[str, int, float, int, str | None]]
) -> None:
    pack = Pack(envelope)
    for row in rows:
        pack.append(*row)
    assert decode_pack(encode_pack(pack), now=NOW) == pack


@given(st.binary(max_size=200) | st.text(max_size=200).map(str.encode))
def test_any_bytes_give_a_pack_or_a_contract_error(payload: bytes) -> None:
    assert is_read_or_refused(payload)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=6,
)
labels = st.sampled_from(
    ["bn", "bt", "bu", "bv", "bs", "bver", "n", "u", "t", "v", "vb", "vs", "vd", "s", "q", "x_", "seq"]
)


@given(st.lists(st.dictionaries(labels, json_values, max_size=6), max_size=4))
def test_any_json_records_give_a_pack_or_a_contract_error(records: list[dict[str, object]]) -> None:
    assert is_read_or_refused(json.dumps(records).encode())


def test_base_fields_hold_until_the_next_ones() -> None:
    pack = pack_of(
        {"bn": "lift-01/", "bt": 1_700_000_000, "bu": "s", "n": "a", "v": 1},
        {"n": "b", "t": 0.5, "v": 2},
        {"bn": "door-01/", "bu": "V", "n": "c", "v": 3},
        {"n": "d", "u": "A", "v": 4},
    )
    assert pack.names == ["lift-01/a", "lift-01/b", "door-01/c", "door-01/d"]
    assert pack.at_us == [1_700_000_000_000_000, 1_700_000_000_500_000] + [1_700_000_000_000_000] * 2
    assert pack.units == ["s", "s", "V", "A"]


def test_a_record_of_base_fields_only_is_no_sample() -> None:
    pack = pack_of({"bn": "lift-01/", "bt": 1_700_000_000}, {"n": "a", "v": 1}, {"bn": "door-01/"}, {"n": "b", "v": 2})
    assert pack.names == ["lift-01/a", "door-01/b"]


def test_a_base_value_is_added() -> None:
    assert pack_of({"bv": 20, "n": "a/b", "v": 1.5}, {"n": "a/c"}).values == [21.5, 20.0]


def test_booleans_become_one_and_zero() -> None:
    assert pack_of({"n": "a/b", "vb": True}, {"n": "a/c", "vb": False}).values == [1.0, 0.0]


def test_a_small_time_is_relative_to_the_moment_of_receipt() -> None:
    assert pack_of({"n": "a/b", "v": 1, "t": -60}).at_us == [NOW_US - 60_000_000]


def test_unknown_labels_are_passed_over() -> None:
    assert pack_of({"n": "a/b", "v": 1, "colour": "red"}).values == [1.0]


@pytest.mark.parametrize(
    ("records", "field"),
    [
        ([], "payload"),
        ([{"bn": "a/"}], "[0]"),
        ([{"n": "a/b", "v": "2"}], "[0].v"),
        ([{"n": "a/b", "v": 1}, {"n": "a/b", "v": [1]}], "[1].v"),
        ([{"n": "a/b"}], "[0].v"),
        ([{"n": "a/b", "vs": "open"}], "[0].vs"),
        ([{"n": "a/b", "vd": "AA=="}], "[0].vd"),
        ([{"n": "a/b", "s": 12}], "[0].s"),
        ([{"n": "b", "v": 1}], "[0].n"),
        ([{"n": "a/b/c", "v": 1}], "[0].n"),
        ([{"n": "a/b c", "v": 1}], "[0].n"),
        ([{"n": "a/#", "v": 1}], "[0].n"),
        ([{"n": "a/b", "v": 1, "q": 7}], "[0].q"),
        ([{"n": "a/b", "v": 1, "t": 5e9}], "[0].t"),
        ([{"n": "a/b", "v": 1, "t": 300000000}], "[0].t"),
        ([{"n": "a/b", "v": 1e308, "bv": 1e308}], "[0].v"),
        ([{"n": "a/b", "v": 1, "bt": 1e308, "t": 1e308}], "[0].t"),
        ([{"n": "a/b", "v": 1, "must_": 1}], "[0].must_"),
        ([{"n": "a/b", "v": 1, "seq": 3}], "epoch"),
        ([{"n": "a/b", "v": 1, "epoch": "x"}], "seq"),
        ([{"n": "a/b", "v": 1, "epoch": "x", "seq": 0}], "seq"),
        ([{"n": "a/b", "v": 1, "epoch": "x y", "seq": 1}], "epoch"),
        ([{"n": "a/b", "v": 1}] * (MAX_SAMPLES + 1), "payload"),
        ({"n": "a/b"}, "payload"),
    ],
)
def test_an_error_names_the_record_and_the_label(records: object, field: str) -> None:
    with pytest.raises(ContractError) as caught:
        decode_pack(json.dumps(records).encode(), now=NOW)
    assert caught.value.field == field
    assert caught.value.message == "telemetry"
    assert caught.value.expected


def test_a_value_that_json_cannot_carry_is_refused() -> None:
    with pytest.raises(ContractError, match="expected JSON"):
        decode_pack(b'[{"n":"a/b","v":NaN}]', now=NOW)


def test_a_sample_name_splits_into_asset_and_point() -> None:
    assert split_sample_name("lift-01/trips") == ("lift-01", "trips")
