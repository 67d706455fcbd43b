"""How often visits for foreseen failures were needed, as their findings say."""

from datetime import datetime, timedelta
from math import sqrt
from typing import Any, Final

from psycopg import Connection
from psycopg.rows import dict_row
from pydantic import BaseModel, Field, computed_field

from anju_contracts.kinds import component_label, kind_label
from anju_ml.policy import Policy
from anju_platform.storage.queries import load_queries
from anju_platform.web.fields import Titles, titles

QUERIES = load_queries(__package__)
LOOK_BACK: Final = timedelta(days=365)
HORIZON: Final = Policy().horizon
_Z: Final = 1.96


class NeededShare(BaseModel):
    """Of the visits that were `served`, those that found the part failed or worn; `low` to `high` is the 95 % interval
    (Wilson) of their share."""

    served: int
    needed: int

    @computed_field
    def share(self) -> float:
        return round(self.needed / self.served, 4)

    @computed_field
    def low(self) -> float:
        return self._bound(-1)

    @computed_field
    def high(self) -> float:
        return self._bound(1)

    def _bound(self, sign: int) -> float:
        n, share = self.served, self.needed / self.served
        spread = _Z * sqrt(share * (1 - share) / n + _Z**2 / (4 * n**2))
        return round((share + _Z**2 / (2 * n) + sign * spread) / (1 + _Z**2 / n), 4)


class ComponentShare(NeededShare):
    kind: str
    component: str

    @computed_field
    def kind_label(self) -> Titles:
        return titles(kind_label(self.kind))

    @computed_field
    def component_label(self) -> Titles:
        return titles(component_label(self.kind, self.component))


class ModelShare(NeededShare):
    model_id: int


class Precision(BaseModel):
    """Of a community since a moment; only proactive tickets with a finding count."""

    since: datetime
    components: list[ComponentShare] = Field(description="Most visits first")
    models: list[ModelShare] = Field(description="By the model that opened the ticket")
    held_out: NeededShare | None = Field(
        description="Borderline tickets that were not opened on purpose, and how many of their parts failed within the "
        "horizon; null where there are none that are old enough"
    )


def precision_of(conn: Connection[Any], community: str, *, now: datetime) -> Precision:
    since = now - LOOK_BACK
    span = {"community": community, "since": since, "now": now, "horizon": HORIZON}
    with conn.cursor(row_factory=dict_row) as cur:
        rows = cur.execute(QUERIES["served_tickets"], span).fetchall()
        held = cur.execute(QUERIES["held_out_outcomes"], span).fetchone()
    return Precision(
        since=since,
        components=[ComponentShare(**row) for row in rows if row["model_id"] is None],
        models=[ModelShare(**row) for row in rows if row["model_id"] is not None],
        held_out=NeededShare(**held) if held and held["served"] else None,
    )
