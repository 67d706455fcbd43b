"""Lengths of time and dates as people write them on a command line."""

import re
from datetime import UTC, datetime, timedelta

import click
import polars as pl

from anju_ml.cells import parse_times

_UNITS = {"h": timedelta(hours=1), "d": timedelta(days=1), "w": timedelta(weeks=1)}


class Span(click.ParamType[timedelta]):
    """A length of time such as 24h, 30d or 2w."""

    name = "span"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> timedelta:
        if isinstance(value, timedelta):
            return value
        found = re.fullmatch(r"(\d+(?:\.\d+)?)([hdw])", str(value))
        if not found or not float(found[1]):
            self.fail(f"{value!r} is no length of time; expected for example 24h, 30d or 2w", param, ctx)
        return float(found[1]) * _UNITS[found[2]]


class Moment(click.ParamType[datetime]):
    """A date or an ISO 8601 time; UTC when it has no offset."""

    name = "date"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        if isinstance(value, datetime):
            return value

        found = parse_times(pl.Series([str(value)])).to_list()[0]
        if not isinstance(found, datetime):
            self.fail(f"{value!r} is no date; expected for example 2025-09-01", param, ctx)
        return found.astimezone(UTC)
