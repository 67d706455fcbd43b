"""What a set of tickets looks like as curves: precision against how many are opened, and how far ahead they came."""

from typing import Any, Final

import polars as pl

from anju_ml.score import Scored

STEPS: Final = (0.2, 0.4, 0.6, 0.8, 1.0)
"""Shares of the tickets, most probable first."""
LEAD_EDGES_DAYS: Final = (1, 3, 7, 14, 21, 30)
Json = dict[str, Any]


def precision_curve(scored: Scored) -> list[Json]:
    """For the most probable part of the tickets: tickets a month, precision and needed share."""
    ordered = scored.tickets.sort("probability", "ticket", descending=[True, False])
    out: list[Json] = []
    for share in STEPS if len(ordered) else ():
        part = ordered.head(max(round(share * len(ordered)), 1))
        out.append(
            {
                "least_probability": round(float(part["probability"][-1]), 4),
                "tickets_month": round(len(part) / scored.months, 2),
                "precision": _share(part.filter("settled"), "hit"),
                "needed": _share(part.filter("need_known"), "needed"),
            }
        )
    return out


def _share(tickets: pl.DataFrame, column: str) -> float | None:
    return round(int(tickets[column].sum()) / len(tickets), 4) if len(tickets) else None


def lead_histogram(scored: Scored) -> list[Json]:
    """How many failures were hit how many days ahead; the last span is open."""
    days = scored.failures.filter("hit")["lead_h"] / 24
    ends = (*LEAD_EDGES_DAYS[1:], float("inf"))
    return [
        {
            "from_days": low,
            "to_days": None if high == float("inf") else high,
            "failures": int(((days >= low) & (days < high)).sum()),
        }
        for low, high in zip(LEAD_EDGES_DAYS, ends, strict=True)
    ]
