import json
import logging
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from anju_contracts import clock, codes, kinds, names, points, topics, units
from anju_contracts.errors import ContractError
from anju_contracts.jsonlog import JsonFormatter, configure_logging

SINCE = datetime(2026, 3, 1, tzinfo=UTC)


@pytest.mark.parametrize("channel", topics.Channel)
def test_a_topic_names_its_gateway_and_channel(channel: topics.Channel) -> None:
    gateway = topics.address("jinxiu", "gw-1")
    assert topics.parse_topic(gateway.topic(channel)) == (gateway, channel)
    assert str(gateway) == "jinxiu/gw-1"


@pytest.mark.parametrize(
    "topic",
    [
        "",
        "anju",
        "anju/1/c/g",
        "anju/2/c/g/birth",
        "anju/1/c/g/news",
        "anju/1/+/g/birth",
        "anju/1/c/g/birth/x",
        "a/b/c/d/e",
    ],
)
def test_a_foreign_topic_is_refused(topic: str) -> None:
    with pytest.raises(ContractError):
        topics.parse_topic(topic)


def test_ingest_workers_share_a_subscription() -> None:
    assert topics.filter_for(topics.Channel.TELEMETRY) == "anju/1/+/+/telemetry"
    assert topics.filter_for(topics.Channel.EVENT, share="ingest") == "$share/ingest/anju/1/+/+/event"


@given(st.text(max_size=80))
def test_a_name_is_safe_in_topics_urls_and_file_names(text: str) -> None:
    if names.is_name(text):
        assert not set(text) & set("/:+#$ \\\n\x00?%&")
        assert 1 <= len(text) <= 64


def test_an_asset_key_splits_into_community_and_asset() -> None:
    assert names.split_asset_key(names.asset_key("jinxiu", "lift-01")) == ("jinxiu", "lift-01")


@pytest.mark.parametrize("key", ["", "lift-01", ":", "jinxiu:", "a:b:c", "a b:c"])
def test_what_is_no_asset_key_is_refused(key: str) -> None:
    with pytest.raises(ContractError, match="asset"):
        names.split_asset_key(key)


@given(
    st.datetimes(datetime(2000, 1, 1), datetime(2090, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001
    st.floats(1e-9, 1e12),
)
def test_a_clock_is_the_same_again_from_its_text(start: datetime, speed: float) -> None:
    scaled = clock.ScaledClock(start, SINCE, speed)
    assert clock.parse_clock(str(scaled)) == scaled


def test_a_scaled_clock_runs_faster_than_the_machines() -> None:
    real = datetime.now(UTC)
    scaled = clock.ScaledClock(SINCE, real - timedelta(seconds=10), 3600)
    assert scaled.now() - SINCE >= timedelta(hours=10)
    assert scaled.real_s(7200) == 2


def test_the_real_clock_is_the_machines() -> None:
    real = clock.parse_clock("real")
    assert abs(real.now() - datetime.now(UTC)) < timedelta(seconds=5)
    assert real.real_s(3) == 3
    assert str(real) == "real"


@pytest.mark.parametrize(
    "text",
    [
        "fast",
        "scaled:2026-03-01T00:00:00Z",
        "scaled:x@2026-03-01T00:00:00Z*2",
        "scaled:2026-03-01T00:00:00@2026-03-01T00:00:00Z*2",
        "scaled:2026-03-01T00:00:00Z@2026-03-01T00:00:00Z*0",
    ],
)
def test_a_clock_that_cannot_be_read_is_refused_with_its_variable(text: str) -> None:
    with pytest.raises(ContractError, match="ANJU_CLOCK"):
        clock.parse_clock(text)


def test_a_unit_that_is_not_listed_is_refused() -> None:
    assert units.check_unit("kW.h", message="birth", field="unit") == "kW.h"
    with pytest.raises(ContractError, match="UCUM"):
        units.check_unit("kWh", message="birth", field="unit")


def test_codes_and_components_have_titles_in_both_languages() -> None:
    for code in codes.CODES.values():
        assert all((code.label.zh, code.label.en, names.is_name(code.name)))
    for kind in kinds.KINDS.values():
        assert all(part.label.zh and part.label.en and names.is_name(part.name) for part in kind.components)


def test_a_code_points_at_a_component_of_its_kind() -> None:
    prefixes = {"lift": ["lift"], "door": ["door"], "meter": ["electric_meter", "water_meter"]}
    for code in codes.CODES.values():
        for kind in prefixes.get(code.name.split(".")[0], []):
            assert code.component is None or code.component in [part.name for part in kinds.KINDS[kind].components]


def test_what_anju_does_not_know_is_shown_by_its_name() -> None:
    assert kinds.kind_label("escalator").of("zh") == "escalator"
    assert kinds.component_label("escalator", "step_chain").en == "step_chain"
    assert kinds.component_label("lift", "step_chain").en == "step_chain"
    assert codes.code_label("x.y").of("en") == "x.y"
    assert not codes.is_acute("x.y")


def test_what_anju_knows_is_shown_in_the_language_of_the_page() -> None:
    assert kinds.kind_label("lift").of("zh") == "电梯"
    assert kinds.component_label("lift", "brake").of("en") == "brake"
    assert codes.code_label("lift.tilt").of("zh") == "轿厢倾斜"
    assert codes.is_acute("lift.trapped_level")


def test_safety_follows_the_component() -> None:
    assert kinds.is_safety_relevant("lift", "brake")
    assert not kinds.is_safety_relevant("lift", "door_operator")
    assert not kinds.is_safety_relevant("escalator", "brake")


def test_every_point_that_is_known_has_a_title_in_both_languages_and_a_unit() -> None:
    assert all(each.label.zh and each.label.en and each.unit in units.SHOWN_AS for each in points.POINTS.values())
    assert points.point_title("motor_temp_c").unit_shown == "°C"
    assert points.point_title("heat_k").label.zh == "heat_k"


def test_a_log_line_is_json_with_its_extras_and_its_traceback() -> None:
    error = ValueError("no")
    record = logging.LogRecord("anju.x", logging.WARNING, __file__, 1, "lost %d", (3,), (ValueError, error, None))
    record.gateway = "gw-1"
    line = json.loads(JsonFormatter("ingest").format(record))
    assert (line["level"], line["program"], line["message"], line["gateway"]) == ("warning", "ingest", "lost 3", "gw-1")
    assert "ValueError: no" in line["error"]


def test_logging_goes_to_standard_error_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    root = logging.getLogger()
    before = root.handlers[:], root.level
    try:
        configure_logging("ingest", level="WARNING")
        logging.getLogger("anju").warning("hello", extra={"n": 1})
        logging.getLogger("anju").info("not shown")
        assert [json.loads(line)["message"] for line in capsys.readouterr().err.splitlines()] == ["hello"]
    finally:
        root.handlers[:], root.level = before[0], before[1]
