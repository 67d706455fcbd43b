"""What the database knew at a moment, as prediction wants it."""

from datetime import timedelta

import polars as pl

from anju_platform.scoring.history import read_history, whole_hour

from .conftest import DAY, HOUR, NOW, Platform


def test_an_hour_of_a_gauge_is_its_mean_and_of_a_counter_its_last_standing(platform: Platform) -> None:
    platform.add("jinxiu:lift-01")
    platform.hour(platform.point("jinxiu:lift-01", "door_close_s"), NOW - HOUR, 2.0, 4.0)
    platform.hour(platform.point("jinxiu:lift-01", "trips", "counter"), NOW - HOUR, 100.0, 107.0)
    with platform.pool.connection() as conn:
        (frame,) = read_history(conn, as_of=NOW).readings
    assert frame.to_dicts() == [{"asset_id": "jinxiu:lift-01", "ts": NOW - HOUR, "door_close_s": 3.0, "trips": 107.0}]


def test_each_kind_of_asset_has_a_frame_and_a_gap_is_null(platform: Platform) -> None:
    for key, kind in (("jinxiu:lift-01", "lift"), ("haitang:lift-02", "lift"), ("jinxiu:door-01", "door")):
        platform.add(key, kind)
    platform.hour(platform.point("jinxiu:lift-01", "a"), NOW - 2 * HOUR, 1.0)
    platform.hour(platform.point("haitang:lift-02", "b"), NOW - 5 * HOUR, 2.0)
    platform.hour(platform.point("jinxiu:door-01", "c"), NOW - HOUR, 3.0)
    with platform.pool.connection() as conn:
        door, lift = read_history(conn, as_of=NOW).readings
    assert door.columns == ["asset_id", "ts", "c"]
    assert lift.sort("ts").rows() == [
        ("haitang:lift-02", NOW - 5 * HOUR, None, 2.0),
        ("jinxiu:lift-01", NOW - 2 * HOUR, 1.0, None),
    ]
    assert lift.schema["ts"] == pl.Datetime("us", "UTC")


def test_reading_in_many_parts_gives_the_same_as_in_one(platform: Platform) -> None:
    for number in range(5):
        key = f"jinxiu:lift-0{number}"
        platform.add(key)
        for code in ("a", "b"):
            point = platform.point(key, code)
            for hours in range(1, 4 + number):
                platform.hour(point, NOW - hours * HOUR, float(hours + number))
    with platform.pool.connection() as conn:
        (whole,) = read_history(conn, as_of=NOW).readings
        (parts,) = read_history(conn, as_of=NOW, cells_at_once=1).readings
    assert whole.sort("asset_id", "ts").equals(parts.sort("asset_id", "ts"))
    assert len(whole) == 3 + 4 + 5 + 6 + 7


def test_nothing_recorded_later_is_known_and_an_open_repair_hides_its_outcome(platform: Platform) -> None:
    asset = platform.add("jinxiu:lift-01")
    point = platform.point("jinxiu:lift-01", "a")
    for at in (NOW - HOUR, NOW, NOW + HOUR):
        platform.hour(point, at, 1.0)
        platform.write(
            "INSERT INTO event (asset_id, at, code, state, severity, received_at)"
            " VALUES (%s, %s, 'lift.vibration', 'raise', 'minor', %s) RETURNING id",
            asset,
            at,
            at,
        )
        platform.write(
            "INSERT INTO complaint (community_id, asset_id, at, category) VALUES ('jinxiu', %s, %s, 'noise')"
            " RETURNING id",
            asset,
            at,
        )
    for opened, closed in ((-5, -4), (-2, 3), (1, 2)):
        platform.write(
            "INSERT INTO repair (asset_id, opened_at, closed_at, component, action, cause, fault_found)"
            " VALUES (%s, %s, %s, 'brake', 'replace', 'corrective', true) RETURNING id",
            asset,
            NOW + opened * DAY,
            NOW + closed * DAY,
        )
    with platform.pool.connection() as conn:
        known = read_history(conn, as_of=NOW)
    assert known.readings[0]["ts"].to_list() == [NOW - HOUR]
    assert known.events["ts"].to_list() == [NOW - HOUR]
    assert known.complaints.rows() == [("jinxiu:lift-01", NOW - HOUR, "noise")]
    assert known.repairs.select("component", "fault_found", "closed_at").rows() == [
        ("brake", True, NOW - 4 * DAY),
        (None, None, None),
    ]


def test_attributes_are_columns_and_numbers_where_they_are_numbers(platform: Platform) -> None:
    platform.add("jinxiu:lift-01", storeys=18, entrance="east", model="odd")
    platform.add("jinxiu:lift-02", storeys=11.5, machine_room=True)
    with platform.pool.connection() as conn:
        assets = read_history(conn, as_of=NOW).assets
    assert assets["model"].to_list() == ["m1", "m1"]
    assert assets["storeys"].to_list() == [18.0, 11.5]
    assert assets["entrance"].to_list() == ["east", None]
    assert assets["machine_room"].to_list() == [None, "True"]


def test_an_empty_database_is_an_empty_history(platform: Platform) -> None:
    with platform.pool.connection() as conn:
        known = read_history(conn, as_of=NOW)
    assert known.readings == ()
    assert len(known.assets) == len(known.events) == len(known.repairs) == len(known.complaints) == 0


def test_the_grain_is_the_hour() -> None:
    assert whole_hour(NOW + timedelta(minutes=59, seconds=59)) == NOW
