"""Times as people write them into books: local, in many forms, sometimes as a spreadsheet's serial number."""

from typing import Final
from zoneinfo import ZoneInfo

import polars as pl

EARLIEST: Final = 1990
"""Years before it are what spreadsheets make of a time without a date."""
_SERIAL: Final = r"^[2-6]\d{4}(\.\d+)?$"
_PACKED: Final = r"^(\d{4})(\d{2})(\d{2})(?:[ T]?(\d{2}):?(\d{2})(?::?(\d{2}))?)?$"
_WRITTEN: Final = (
    r"^(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?[T ]*(上午|下午|晚上|AM|PM)?\s*"
    r"(?:(\d{1,2})[:时点](?:(\d{1,2})(?:[:分](?:(\d{1,2})(?:\.\d+)?秒?)?)?)?)?\s*(?:AM|PM)?$"
)
_DAY_ZERO: Final = 25_569.0
"""1970-01-01 as a serial number of spreadsheets (days since 1899-12-30)."""


def as_utc_texts(texts: pl.Series, zone: ZoneInfo | None) -> pl.Series:
    """ISO 8601 in UTC of cells that can be read as local times in `zone` (None: dates, left as they are); other
    cells unchanged: with an offset they are read later, and what can't be read is refused there."""
    table = texts.to_frame("raw").with_columns(pl.col("raw").str.strip_chars().str.to_uppercase().alias("text"))
    moment = pl.coalesce(_written(), _packed(), _serial())
    undated = pl.when(moment.dt.year() < EARLIEST).then(pl.concat_str("raw", pl.lit(" (no date)")))
    if zone is not None:
        moment = moment.dt.replace_time_zone(zone.key, ambiguous="earliest", non_existent="null")
        moment = moment.dt.convert_time_zone("UTC")
    shown = moment.dt.strftime("%Y-%m-%dT%H:%M:%SZ")
    return table.select(pl.coalesce(undated, shown, "raw").alias(texts.name)).to_series()


def _written() -> pl.Expr:
    part = pl.col("text").str.extract_groups(_WRITTEN).struct.field
    afternoon = part("4").is_in(["下午", "晚上", "PM"]) | pl.col("text").str.ends_with("PM")
    hour = part("5").cast(pl.Int64, strict=False).fill_null(0)
    hour = pl.when(afternoon & (hour < 12)).then(hour + 12).otherwise(hour)
    return _moment(part("1"), part("2"), part("3"), hour.cast(pl.String), part("6"), part("7"))


def _packed() -> pl.Expr:
    part = pl.col("text").str.extract_groups(_PACKED).struct.field
    return _moment(part("1"), part("2"), part("3"), part("4"), part("5"), part("6"))


def _moment(year: pl.Expr, month: pl.Expr, day: pl.Expr, *clock: pl.Expr) -> pl.Expr:
    date = pl.concat_str(year, month.str.zfill(2), day.str.zfill(2), separator="-")
    time = pl.concat_str(*(each.fill_null("0").str.zfill(2) for each in clock), separator=":")
    return pl.concat_str(date, time, separator=" ").str.to_datetime("%Y-%m-%d %H:%M:%S", time_unit="us", strict=False)


def _serial() -> pl.Expr:
    days = pl.when(pl.col("text").str.contains(_SERIAL)).then(pl.col("text")).cast(pl.Float64, strict=False)
    seconds = ((days - _DAY_ZERO) * 86_400.0).round()
    return (seconds.cast(pl.Int64) * 1_000_000).cast(pl.Datetime("us"))
