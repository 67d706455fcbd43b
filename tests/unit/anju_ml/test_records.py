from datetime import UTC, datetime, timedelta

import polars as pl

from anju_ml.failures import find_failures
from anju_ml.history import ASSETS, COMPLAINTS, EVENTS, REPAIRS, History, empty

T0 = datetime(2024, 3, 1, 8, tzinfo=UTC)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
Row = tuple[str, datetime, datetime | None, str, str, bool | None]


def history_of(
    repairs: list[Row],
    complaints: list[tuple[str, datetime]] | None = None,
    events: list[tuple[str, datetime, str, str]] | None = None,
) -> History:
    rows = [
        {
            "asset_id": asset,
            "opened_at": opened,
            "closed_at": closed,
            "component": component,
            "action": "repair",
            "cause": cause,
            "fault_code": "F1",
            "fault_found": found,
        }
        for asset, opened, closed, component, cause, found in repairs
    ]
    said = [{"asset_id": asset, "ts": at, "category": "noise"} for asset, at in complaints or []]
    seen = [
        {"asset_id": asset, "ts": at, "code": code, "severity": severity, "state": "raise"}
        for asset, at, code, severity in events or []
    ]
    return History(
        assets=pl.DataFrame({"asset_id": ["a", "b"], "kind": "crane", "model": "", "installed_on": None}, ASSETS),
        readings=(),
        events=pl.DataFrame(seen, EVENTS) if seen else empty(EVENTS),
        repairs=pl.DataFrame(rows, REPAIRS),
        complaints=pl.DataFrame(said, COMPLAINTS) if said else empty(COMPLAINTS),
    )


def test_only_corrective_repairs_with_a_fault_found_are_failures() -> None:
    found = find_failures(
        history_of(
            [
                ("a", T0, T0 + HOUR, "winch", "corrective", True),
                ("a", T0 + 9 * DAY, T0 + 9 * DAY + HOUR, "winch", "corrective", False),
                ("a", T0 + 20 * DAY, T0 + 20 * DAY + HOUR, "winch", "preventive", True),
                ("a", T0 + 30 * DAY, T0 + 30 * DAY + HOUR, "winch", "corrective", None),
            ]
        )
    )
    assert found["onset"].to_list() == [T0]


def test_where_findings_are_never_stated_every_corrective_repair_is_a_failure() -> None:
    found = find_failures(
        history_of(
            [
                ("a", T0, T0 + HOUR, "winch", "corrective", None),
                ("a", T0 + 9 * DAY, None, "winch", "corrective", None),
                ("a", T0 + 20 * DAY, None, "winch", "preventive", None),
            ]
        )
    )
    assert len(found) == 2


def test_repairs_of_a_component_within_48_h_of_closing_are_one_failure() -> None:
    found = find_failures(
        history_of(
            [
                ("a", T0, T0 + 5 * HOUR, "winch", "corrective", True),
                ("a", T0 + 50 * HOUR, T0 + 60 * HOUR, "winch", "corrective", True),
                ("a", T0 + 50 * HOUR, T0 + 60 * HOUR, "hook", "corrective", True),
                ("a", T0 + 200 * HOUR, T0 + 201 * HOUR, "winch", "corrective", True),
            ]
        )
    ).filter(pl.col("component") == "winch")
    assert found["opened_at"].to_list() == [T0, T0 + 200 * HOUR]
    assert found["closed_at"].to_list() == [T0 + 60 * HOUR, T0 + 201 * HOUR]


def test_a_failure_begins_with_its_first_complaint_or_critical_event() -> None:
    repairs: list[Row] = [("a", T0, T0 + HOUR, "winch", "corrective", True)]
    early = T0 - 10 * HOUR
    assert find_failures(history_of(repairs, complaints=[("a", early)]))["onset"].to_list() == [early]
    assert find_failures(history_of(repairs, complaints=[("b", early)]))["onset"].to_list() == [T0]
    assert find_failures(history_of(repairs, complaints=[("a", T0 - 5 * DAY)]))["onset"].to_list() == [T0]
    assert find_failures(history_of(repairs, events=[("a", early, "X9", "critical")]))["onset"].to_list() == [early]
    assert find_failures(history_of(repairs, events=[("a", early, "X9", "major")]))["onset"].to_list() == [T0]


def test_a_critical_event_of_another_component_is_not_about_this_failure() -> None:
    repairs: list[Row] = [("a", T0, T0 + HOUR, "winch", "corrective", True)]
    events = [("a", T0 - 3 * HOUR, "lift.overspeed", "critical")]
    assert find_failures(history_of(repairs, events=events))["onset"].to_list() == [T0]


def test_a_complaint_while_the_failure_lasts_is_about_it_without_moving_its_onset() -> None:
    found = find_failures(
        history_of([("a", T0, T0 + 5 * HOUR, "winch", "corrective", True)], complaints=[("a", T0 + HOUR)])
    )
    assert found.select("onset", "complaint_at").row(0) == (T0, T0 + HOUR)


def test_of_an_open_repair_only_asset_opening_and_cause_are_known() -> None:
    history = history_of(
        [
            ("a", T0, T0 + 5 * HOUR, "winch", "corrective", True),
            ("a", T0 + 9 * DAY, None, "winch", "corrective", True),
        ]
    )
    open_then = history.known_at(T0 + HOUR).repairs
    assert open_then.row(0) == ("a", T0, None, None, None, "corrective", None, None)
    assert history.known_at(T0 + 6 * HOUR).repairs["fault_found"].to_list() == [True]
    assert history.known_at(T0).repairs.is_empty()
    later = history.known_at(T0 + 30 * DAY).repairs
    assert later["fault_found"].to_list() == [True, True]
    assert find_failures(history.known_at(T0 + HOUR)).is_empty()


def test_the_span_of_a_history_covers_all_its_records() -> None:
    history = history_of([("a", T0, T0 + 5 * HOUR, "winch", "corrective", True)], complaints=[("a", T0 - DAY)])
    assert history.span() == (T0 - DAY, T0 + 5 * HOUR)
    assert history_of([]).span() is None
