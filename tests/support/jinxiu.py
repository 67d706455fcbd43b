"""A made-up community for the tests of API and pages: 锦绣花园 with lifts, doors and meters, 60 days of hourly
readings of a few of them, events, repairs, predictions, complaints, and tickets in every state.

What is told is the story of lift-03: its door motor draws more from day to day, the doors close ever more slowly,
door faults come more often, predictions rise, and a proactive ticket opens the day before `UNTIL`.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any

import numpy as np
import psycopg
from psycopg.types.json import Jsonb

from anju_contracts.codes import CODES
from anju_contracts.event import Event, EventState
from anju_contracts.kinds import kind_label
from anju_platform.desk.service import report
from anju_platform.tickets import service
from anju_platform.tickets.evidence import prediction_evidence
from anju_platform.tickets.intake import from_event, take
from anju_platform.tickets.models import CloseReason, Finding, Priority, RepairAction
from anju_platform.tickets.store import subject_of_asset

COMMUNITY = "jinxiu"
UNTIL = datetime(2026, 3, 10, 2, 30, tzinfo=UTC)
DAYS = 60
HOURS = DAYS * 24

LIFT_POINTS = {
    "trips": ("1", "counter"),
    "door_cycles": ("1", "counter"),
    "door_reopens": ("1", "counter"),
    "door_close_s": ("s", "gauge"),
    "door_motor_a": ("A", "gauge"),
    "levelling_error_mm": ("mm", "gauge"),
    "brake_release_ms": ("ms", "gauge"),
    "vibration_mm_s": ("mm/s", "gauge"),
    "motor_temp_c": ("Cel", "gauge"),
    "supply_v": ("V", "gauge"),
}
DOOR_POINTS = {
    "openings": ("1", "counter"),
    "lock_current_ma": ("mA", "gauge"),
    "close_s": ("s", "gauge"),
    "battery_v": ("V", "gauge"),
}
ELECTRIC_POINTS = {"voltage_l1_v": ("V", "gauge"), "power_w": ("W", "gauge"), "import_kwh": ("kW.h", "counter")}
WATER_POINTS = {"total_m3": ("m3", "counter"), "flow_m3_h": ("m3/h", "gauge"), "battery_v": ("V", "gauge")}
POINTS = {"lift": LIFT_POINTS, "door": DOOR_POINTS, "electric_meter": ELECTRIC_POINTS, "water_meter": WATER_POINTS}
PREFIXES = {"lift": "lift-{:02d}", "door": "door-{:02d}", "electric_meter": "em-{:03d}", "water_meter": "wm-{:03d}"}
MODELS = {
    "lift": ("shengtong-lm3", "hengan-lm10"),
    "door": ("kaixin-dc2",),
    "electric_meter": ("eastron-sdm630",),
    "water_meter": ("huayi-wm1",),
}
PLACES = {
    "lift": "{} 号楼 {} 单元",
    "door": "{} 号楼 {} 单元门厅",
    "electric_meter": "{} 号楼 {} 单元配电间",
    "water_meter": "{} 号楼 {} 单元水表间",
}


@dataclass(slots=True)
class Garden:
    """Row ids of what was planted: assets and points by code, tickets by nickname."""

    assets: dict[str, int] = field(default_factory=dict)
    points: dict[tuple[str, str], int] = field(default_factory=dict)
    tickets: dict[str, int] = field(default_factory=dict)
    model: int = 0


def plant(conn: psycopg.Connection, *, lifts: int = 4, doors: int = 6, meters: int = 4) -> Garden:
    """The community in an empty, migrated database; committed."""
    garden = Garden()
    _register(conn, garden, {"lift": lifts, "door": doors, "electric_meter": meters, "water_meter": meters})
    _fill(conn, garden, ("lift-01", "lift-03", "door-02", "em-001", "wm-001"))
    _happen(conn, garden)
    _foresee(conn, garden)
    _serve(conn, garden)
    conn.commit()
    return garden


def _register(conn: psycopg.Connection, garden: Garden, counts: dict[str, int]) -> None:
    conn.execute(
        "INSERT INTO community (id, label_zh, label_en, created_at) VALUES (%s, '锦绣花园', 'Jinxiu Garden', %s)",
        (COMMUNITY, UNTIL - timedelta(days=DAYS)),
    )
    conn.execute(
        "INSERT INTO gateway (community_id, id, epoch, software, birth_at, state, state_at, watermark_at)"
        " VALUES (%(c)s, 'gw-1', 'e1', 'anju-gateway 0.1.0', %(u)s, 'online', %(u)s, %(u)s),"
        " (%(c)s, 'gw-2', 'e1', 'anju-gateway 0.1.0', %(u)s, 'lost', %(l)s, %(l)s)",
        {"c": COMMUNITY, "u": UNTIL, "l": UNTIL - timedelta(hours=5)},
    )
    for kind, count in counts.items():
        for number in range(1, count + 1):
            _register_asset(conn, garden, kind, number)


def _register_asset(conn: psycopg.Connection, garden: Garden, kind: str, number: int) -> None:
    code = PREFIXES[kind].format(number)
    title = kind_label(kind)
    row = conn.execute(
        "INSERT INTO asset (community_id, code, kind, model, label_zh, label_en, location, installed_on, gateway_id,"
        " attributes, first_seen_at) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, 'gw-1', %s, %s) RETURNING id",
        (
            COMMUNITY,
            code,
            kind,
            MODELS[kind][number % len(MODELS[kind])],
            f"{number} 号{title.zh}",
            f"{title.en} {number}".capitalize(),
            PLACES[kind].format((number + 1) // 2, 1 + number % 2),
            date(2012 + number % 9, 1 + number % 12, 5),
            Jsonb({"storeys": 18} if kind == "lift" else {}),
            UNTIL - timedelta(days=DAYS),
        ),
    ).fetchone()
    assert row is not None
    garden.assets[code] = row[0]
    for point, (unit, point_kind) in POINTS[kind].items():
        found = conn.execute(
            "INSERT INTO point (asset_id, code, unit, kind) VALUES (%s, %s, %s, %s) RETURNING id",
            (row[0], point, unit, point_kind),
        ).fetchone()
        assert found is not None
        garden.points[code, point] = found[0]


def _fill(conn: psycopg.Connection, garden: Garden, codes: tuple[str, ...]) -> None:
    """Hourly readings and their rollups up to `UNTIL`, and the latest value of each point."""
    first = (UNTIL - timedelta(hours=HOURS - 1)).replace(minute=0)
    hours = [first + timedelta(hours=number) for number in range(HOURS)]
    for back in range(DAYS + 1):
        conn.execute("SELECT telemetry_ensure_day(%s)", ((UNTIL - timedelta(days=back)).date(),))
    rng = np.random.default_rng(7)
    for (code, point), point_id in garden.points.items():
        if code in codes and point in SHAPES:
            values = [float(value) for value in SHAPES[point](rng, worn=code == "lift-03")]
            _copy(
                conn, "telemetry (point_id, at, value)", ((point_id, *pair) for pair in zip(hours, values, strict=True))
            )
            rows = ((point_id, at, 1, v, v, v, v, v) for at, v in zip(hours, values, strict=True))
            _copy(conn, "rollup_hour (point_id, hour, n, sum, min, max, first, last)", rows)
            conn.execute(
                "INSERT INTO latest (point_id, at, value, quality) VALUES (%s, %s, %s, 0)",
                (point_id, hours[-1], values[-1]),
            )


def _copy(conn: psycopg.Connection, target: str, rows: Iterator[tuple[Any, ...]]) -> None:
    with conn.cursor() as cur, cur.copy(f"COPY {target} FROM STDIN") as copy:  # type: ignore[arg-type]
        for row in rows:
            copy.write_row(row)


_HOUR_OF_DAY = np.arange(HOURS) % 24
_BUSY = 0.2 + np.exp(-((_HOUR_OF_DAY - 0.5) ** 2) / 6) + np.exp(-((_HOUR_OF_DAY - 10.5) ** 2) / 8)
_WEAR = np.clip((np.arange(HOURS) - HOURS + 22 * 24) / (22 * 24), 0, 1)


def _gauge(level: float, swing: float, noise: float, wear: float = 0.0) -> Any:
    def shape(rng: np.random.Generator, *, worn: bool) -> Any:
        return level + swing * _BUSY + rng.normal(0, noise, HOURS) + (wear * _WEAR**1.6 if worn else 0)

    return shape


def _counter(an_hour: float, wear: float = 0.0) -> Any:
    def shape(rng: np.random.Generator, *, worn: bool) -> Any:
        return 10_000 + np.cumsum(rng.poisson(an_hour * _BUSY + (wear * _WEAR if worn else 0)))

    return shape


SHAPES = {
    "trips": _counter(24),
    "door_cycles": _counter(30),
    "door_reopens": _counter(0.3, 4),
    "door_close_s": _gauge(2.4, 0.05, 0.05, 0.9),
    "door_motor_a": _gauge(0.82, 0.04, 0.03, 0.42),
    "levelling_error_mm": _gauge(3.0, 0.2, 0.4),
    "brake_release_ms": _gauge(205, 3, 5),
    "vibration_mm_s": _gauge(1.7, 0.2, 0.15),
    "motor_temp_c": _gauge(34, 9, 1.2),
    "supply_v": _gauge(221, -3, 1.0),
    "openings": _counter(18),
    "lock_current_ma": _gauge(420, 4, 9),
    "close_s": _gauge(3.1, 0.1, 0.15),
    "battery_v": _gauge(13.2, 0.0, 0.05),
    "voltage_l1_v": _gauge(229, -4, 1.0),
    "power_w": _gauge(1400, 2600, 180),
    "import_kwh": _counter(3),
    "total_m3": _counter(0.8),
    "flow_m3_h": _gauge(0.05, 0.4, 0.02),
}


def add_event(
    conn: psycopg.Connection, asset_id: int, code: str, at: datetime, *, state: str = "momentary", text: str = ""
) -> int:
    row = conn.execute(
        "INSERT INTO event (asset_id, at, code, state, severity, text, received_at) VALUES (%s, %s, %s, %s, %s, %s, %s)"
        " RETURNING id",
        (asset_id, at, code, state, CODES[code].severity, text or None, at),
    ).fetchone()
    assert row is not None
    return int(row[0])


def _happen(conn: psycopg.Connection, garden: Garden) -> None:
    lift = garden.assets["lift-03"]
    for number in range(26):
        back = timedelta(days=55 * (1 - (number / 26) ** 0.5), hours=3 * (number % 5))
        add_event(conn, lift, "lift.door_close_fault", UNTIL - timedelta(hours=1) - back)
    add_event(conn, lift, "lift.ebike_in_car", UNTIL - timedelta(days=3, hours=2))
    add_event(conn, garden.assets["door-02"], "door.battery_low", UNTIL - timedelta(hours=9), state="raise")
    add_event(conn, garden.assets["lift-01"], "lift.mains_lost", UNTIL - timedelta(hours=2), state="raise")
    add_event(conn, garden.assets["lift-02"], "lift.vibration", UNTIL - timedelta(days=2), state="raise")
    add_event(conn, garden.assets["lift-02"], "lift.vibration", UNTIL - timedelta(days=1), state="clear")
    for days, component, action, cause in (
        (52, "door_operator", "adjust", "preventive"),
        (40, "brake", "inspect", "preventive"),
        (24, "door_operator", "repair", "corrective"),
    ):
        opened_at = UNTIL - timedelta(days=days)
        conn.execute(
            "INSERT INTO repair (asset_id, opened_at, closed_at, component, action, cause, fault_found)"
            " VALUES (%s, %s, %s, %s, %s, %s, %s)",
            (lift, opened_at, opened_at + timedelta(hours=3), component, action, cause, cause == "corrective"),
        )


def _foresee(conn: psycopg.Connection, garden: Garden) -> None:
    metrics = {
        "assets": 18,
        "failures": 46,
        "components": {
            "lift/door_operator": {"failures": 16, "threshold": 0.1524},
            "lift/brake": {"failures": 2, "threshold": 0.053},
            "door/battery": {"failures": 7, "threshold": 0.36},
        },
        "later_slice": {"saving": 27750, "tickets": 112, "baselines": {"calendar": -4148, "three_repairs": -600}},
    }
    row = conn.execute(
        "INSERT INTO model (as_of, trained_at, role, metrics, artifact) VALUES (%s, %s, 'champion', %s, '')"
        " RETURNING id",
        (UNTIL - timedelta(days=6), UNTIL - timedelta(days=6), Jsonb(metrics)),
    ).fetchone()
    assert row is not None
    garden.model = row[0]
    for back in range(30, -1, -1):
        as_of = UNTIL.replace(hour=0, minute=0) - timedelta(days=back)
        risen = 0.04 + 0.68 * (1 - back / 30) ** 3
        add_prediction(conn, garden, "lift-03", "door_operator", as_of=as_of, p_30d=risen)
        add_prediction(conn, garden, "lift-03", "brake", as_of=as_of, p_30d=0.031)
        add_prediction(conn, garden, "lift-01", "controller", as_of=as_of, p_30d=0.05 + 0.002 * (30 - back))
        add_prediction(conn, garden, "door-02", "battery", as_of=as_of, p_30d=0.2 + 0.006 * (30 - back))
        add_prediction(conn, garden, "em-001", "comm_module", as_of=as_of, p_30d=0.017)


def add_prediction(
    conn: psycopg.Connection, garden: Garden, code: str, component: str, *, as_of: datetime, p_30d: float
) -> int:
    """A prediction with two reasons; the probability of 30 days is given, shorter horizons follow from it."""
    shares = [1 - (1 - p_30d) ** (days / 30) for days in (1, 3, 7)]
    row = conn.execute(
        "INSERT INTO prediction (asset_id, component, as_of, expected_at, model_id, p_24h, p_72h, p_7d, p_30d, low,"
        " high, reasons) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s) RETURNING id",
        (
            garden.assets[code],
            component,
            as_of,
            as_of + timedelta(days=17) if p_30d > 0.5 else None,
            garden.model,
            *shares,
            p_30d,
            max(p_30d - 0.14 * (p_30d + 0.1), 0),
            min(p_30d + 0.14 * (p_30d + 0.1), 1),
            Jsonb(list(_reasons(as_of, code))),
        ),
    ).fetchone()
    assert row is not None
    return int(row[0])


def _reasons(as_of: datetime, code: str) -> Iterator[dict[str, Any]]:
    window = {"since": (as_of - timedelta(days=28)).isoformat(), "until": as_of.isoformat()}
    if not code.startswith("lift"):
        yield {
            "feature": "age_years", "source": "age", "zh": "已使用 9.4 年", "en": "in service for 9.4 years",
            "value": 9.4, "usual": 4.8, **window,
        }  # fmt: skip
        return
    yield {
        "feature": "door_motor_a.mean_7d", "source": "door_motor_a", "value": 1.17, "usual": 0.85,
        "zh": "门机电流 7 日均值 1.17 A，平时 0.85 A",
        "en": "door motor current, 7-day mean 1.17 A, usually 0.85 A", **window,
    }  # fmt: skip
    yield {
        "feature": "lift.door_close_fault.count_14d", "source": "lift.door_close_fault", "value": 9.0, "usual": 1.2,
        "zh": "14 天内关门故障 9 次，平时 1.2 次", "en": "9 door-close faults in 14 days, usually 1.2", **window,
    }  # fmt: skip


def open_proactive(
    conn: psycopg.Connection, garden: Garden, code: str, component: str, *, at: datetime, p_30d: float
) -> int:
    """A ticket that a prediction of `at` opened."""
    prediction = add_prediction(conn, garden, code, component, as_of=at, p_30d=p_30d)
    evidence = prediction_evidence(
        prediction, as_of=at, component=component, priority=Priority.NORMAL, probability=p_30d, data={
            "visit_by": (at + timedelta(days=6)).isoformat(),
            "bring": {
                "part_zh": "门机皮带", "part_en": "door belt", "skill_zh": "电梯维修", "skill_en": "lift mechanic",
            },
        },
    )  # fmt: skip
    subject = subject_of_asset(conn, garden.assets[code])
    ticket = take(conn, subject, evidence, now=at, expires_at=at + timedelta(days=30))
    conn.execute("UPDATE prediction SET ticket_id = %s WHERE id = %s", (ticket.id, prediction))
    return ticket.id


def open_alarm(conn: psycopg.Connection, garden: Garden, code: str, event: str, *, at: datetime) -> int:
    """The ticket that an acute event opened."""
    told = Event(code, event, at, EventState.RAISE, CODES[event].severity)
    event_id = add_event(conn, garden.assets[code], event, at, state="raise")
    return from_event(conn, asset_id=garden.assets[code], event_id=event_id, event=told, now=at)[0]


def _serve(conn: psycopg.Connection, garden: Garden) -> None:
    day = timedelta(days=1)
    garden.tickets["proactive"] = open_proactive(
        conn, garden, "lift-03", "door_operator", at=UNTIL - day * 0.6, p_30d=0.72
    )
    accepted = open_proactive(conn, garden, "door-02", "battery", at=UNTIL - day * 3, p_30d=0.41)
    service.accept(conn, accepted, actor="王建国", now=UNTIL - day * 2, at=UNTIL - day * 2)
    garden.tickets["accepted"] = accepted
    done = open_proactive(conn, garden, "em-001", "comm_module", at=UNTIL - day * 20, p_30d=0.55)
    _visit(conn, done, UNTIL - day * 19, Finding.WORN, RepairAction.REPLACE, close=True)
    garden.tickets["closed"] = done
    garden.tickets["alarm"] = open_alarm(
        conn, garden, "lift-04", "lift.trapped_off_level", at=UNTIL - timedelta(minutes=40)
    )
    _complaints(conn, garden)


def _complaints(conn: psycopg.Connection, garden: Garden) -> None:
    day = timedelta(days=1)
    said = report(
        conn, asset=f"{COMMUNITY}:door-04", category="card_not_read", text="刷了好几次卡都没有反应，老人小孩都进不来",
        now=UNTIL - timedelta(hours=5),
    )  # fmt: skip
    garden.tickets["complaint"] = said.ticket.id
    old = report(conn, asset=f"{COMMUNITY}:lift-02", category="noise", text="夜里运行有异响", now=UNTIL - day * 12)
    _visit(conn, old.ticket.id, UNTIL - day * 11, Finding.NOTHING_FOUND, RepairAction.INSPECT, close=False)
    garden.tickets["resolved"] = old.ticket.id
    report(conn, community=COMMUNITY, category="other", text="希望小区能多装一些充电桩", now=UNTIL - day * 6)


def _visit(
    conn: psycopg.Connection, ticket: int, at: datetime, finding: Finding, action: RepairAction, *, close: bool
) -> None:
    service.accept(conn, ticket, actor="李强", now=at, at=at)
    later = at + timedelta(hours=2)
    service.resolve(conn, ticket, actor="李强", finding=finding, action=action, note="已处理", now=later, at=later)
    if close:
        service.close(
            conn, ticket, actor="客服中心", now=later + timedelta(hours=1), at=later + timedelta(hours=1),
            reason=CloseReason.DONE,
        )  # fmt: skip
