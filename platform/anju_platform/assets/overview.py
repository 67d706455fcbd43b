"""Reads what the overview of a community shows: counts, risks, alarms, and how often a ticket came first."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from psycopg import Connection
from psycopg.rows import class_row

from anju_contracts.codes import code_label
from anju_contracts.kinds import KINDS, Label, component_label, kind_label
from anju_platform.storage.queries import load_queries

QUERIES = load_queries(__package__)
Conn = Connection[Any]


@dataclass(frozen=True, slots=True)
class KindCount:
    """`calm` assets have neither an open alarm nor an open ticket."""

    kind: str
    total: int
    alarmed: int
    ticketed: int
    calm: int

    @property
    def label(self) -> Label:
        return kind_label(self.kind)


@dataclass(frozen=True, slots=True)
class AtRisk:
    """The newest prediction of a component, with the open ticket about it where there is one."""

    asset: str
    code: str
    kind: str
    label_zh: str
    label_en: str
    location: str | None
    component: str
    as_of: datetime
    expected_at: datetime | None
    p_7d: float
    p_30d: float
    low: float
    high: float
    ticket_id: int | None

    @property
    def label(self) -> Label:
        return Label(self.label_zh, self.label_en)

    @property
    def component_label(self) -> Label:
        return component_label(self.kind, self.component)


@dataclass(frozen=True, slots=True)
class AssetCard:
    """An asset in a list, with its likeliest failure, open alarms and open tickets."""

    asset: str
    code: str
    kind: str
    model: str
    label_zh: str
    label_en: str
    location: str | None
    component: str | None
    p_30d: float | None
    low: float | None
    high: float | None
    alarms: int
    tickets: int

    @property
    def label(self) -> Label:
        return Label(self.label_zh, self.label_en)

    @property
    def component_label(self) -> Label | None:
        return component_label(self.kind, self.component) if self.component else None


@dataclass(frozen=True, slots=True)
class OpenAlarm:
    asset: str
    kind: str
    label_zh: str
    label_en: str
    location: str | None
    code: str
    raised_at: datetime
    severity: str
    text: str | None

    @property
    def label(self) -> Label:
        return Label(self.label_zh, self.label_en)

    @property
    def code_label(self) -> Label:
        return code_label(self.code)


@dataclass(frozen=True, slots=True)
class Ahead:
    """Problems that a visit found since some moment.

    `ahead` of them had their ticket before anyone complained, or nobody ever did; `complained` drew a complaint.
    """

    found: int
    ahead: int
    complained: int

    @property
    def share(self) -> float | None:
        return self.ahead / self.found if self.found else None


def count_kinds(conn: Conn, community: str) -> list[KindCount]:
    """In the order in which Anju names its kinds, others after them."""
    with conn.cursor(row_factory=class_row(KindCount)) as cur:
        found = cur.execute(QUERIES["kinds_of_community"], {"community": community}).fetchall()
    order = {kind: place for place, kind in enumerate(KINDS)}
    return sorted(found, key=lambda count: (order.get(count.kind, len(order)), count.kind))


def assets_at_risk(conn: Conn, community: str, *, limit: int) -> list[AtRisk]:
    """By the community's newest predictions, the likeliest failure of each asset, greatest first."""
    with conn.cursor(row_factory=class_row(AtRisk)) as cur:
        return cur.execute(QUERIES["assets_at_risk"], {"community": community, "limit": limit}).fetchall()


def list_asset_cards(
    conn: Conn, community: str, *, kind: str | None = None, after: str | None = None, limit: int
) -> list[AssetCard]:
    """In the order of their keys, after the one named so."""
    parameters = {"community": community, "kind": kind, "after": after, "limit": limit}
    with conn.cursor(row_factory=class_row(AssetCard)) as cur:
        return cur.execute(QUERIES["asset_cards"], parameters).fetchall()


def open_alarms(conn: Conn, community: str, *, limit: int, asset: str | None = None) -> list[OpenAlarm]:
    """Gravest first, then newest."""
    parameters = {"community": community, "asset": asset, "limit": limit}
    with conn.cursor(row_factory=class_row(OpenAlarm)) as cur:
        return cur.execute(QUERIES["open_alarms"], parameters).fetchall()


def ahead_of_complaints(conn: Conn, community: str, *, since: datetime) -> Ahead:
    with conn.cursor(row_factory=class_row(Ahead)) as cur:
        found = cur.execute(QUERIES["ahead_of_complaints"], {"community": community, "since": since}).fetchone()
    assert found is not None
    return found
