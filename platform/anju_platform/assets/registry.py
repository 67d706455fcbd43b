"""Communities, gateways, assets and points as births and imported histories announce them."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

import psycopg
from psycopg.types.json import Jsonb

from anju_contracts.birth import Birth
from anju_contracts.kinds import Label
from anju_platform.storage.queries import load_queries

QUERIES = load_queries("anju_platform.assets")


@dataclass(frozen=True, slots=True)
class PointSpec:
    """`unit` and `kind` None: keep what the registry has, or "1" and gauge for a new point."""

    code: str
    unit: str | None = None
    kind: str | None = None
    label: Label | None = None


@dataclass(frozen=True, slots=True)
class AssetSpec:
    code: str
    kind: str
    model: str
    points: Sequence[PointSpec] = ()
    label: Label | None = None
    location: str | None = None
    installed_on: date | None = None
    attributes: dict[str, Any] = field(default_factory=dict)


def specs_of(birth: Birth) -> list[AssetSpec]:
    return [
        AssetSpec(
            asset.id,
            asset.kind,
            asset.model,
            [PointSpec(point.id, point.unit, str(point.kind), point.label) for point in asset.points],
            asset.label,
            asset.location,
            asset.installed_on,
            dict(asset.attributes),
        )
        for asset in birth.assets
    ]


def ensure_community(conn: psycopg.Connection, community: str, label: Label | None, *, now: datetime) -> None:
    """Create `community`; `label` fills in a title that nobody has given yet."""
    titles = {"zh": label.zh if label else community, "en": label.en if label else community}
    conn.execute(QUERIES["ensure_community"], {"community": community, "now": now} | titles)


def record_birth(conn: psycopg.Connection, birth: Birth, *, at: datetime, now: datetime) -> None:
    """Store what `birth` says as of `at`. What a newer birth said of the gateway or of an asset stands."""
    ensure_community(conn, birth.community, birth.label, now=now)
    conn.execute(
        QUERIES["record_birth"],
        {
            "community": birth.community,
            "gateway": birth.gateway,
            "epoch": birth.epoch,
            "software": birth.software,
            "at": at,
        },
    )
    announce(conn, birth.community, specs_of(birth), gateway=birth.gateway, announced_at=at, now=now)


def announce(
    conn: psycopg.Connection,
    community: str,
    assets: Sequence[AssetSpec],
    *,
    gateway: str | None,
    announced_at: datetime | None,
    now: datetime,
) -> None:
    """Create or update assets and their points. None for `announced_at` (an import) never outdates a birth."""
    params = {"community": community, "gateway": gateway, "announced_at": announced_at, "now": now}
    conn.execute(QUERIES["announce_assets"], params | {"assets": Jsonb([_asset_row(asset) for asset in assets])})
    points = [_point_row(asset.code, point) for asset in assets for point in asset.points]
    conn.execute(QUERIES["announce_points"], params | {"points": Jsonb(points)})


def _asset_row(asset: AssetSpec) -> dict[str, object]:
    return {
        "code": asset.code,
        "kind": asset.kind,
        "model": asset.model,
        "label_zh": asset.label.zh if asset.label else None,
        "label_en": asset.label.en if asset.label else None,
        "location": asset.location,
        "installed_on": asset.installed_on.isoformat() if asset.installed_on else None,
        "attributes": asset.attributes,
    }


def _point_row(asset: str, point: PointSpec) -> dict[str, object]:
    return {
        "asset": asset,
        "code": point.code,
        "unit": point.unit,
        "kind": point.kind,
        "label_zh": point.label.zh if point.label else None,
        "label_en": point.label.en if point.label else None,
    }
