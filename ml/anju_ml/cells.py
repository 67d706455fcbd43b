"""Texts of a table's cells as times, dates, booleans and numbers; whatever can't be read becomes null."""

from typing import Final

import polars as pl

TIME: Final = pl.Datetime("us", "UTC")
_USUAL: Final = ("%Y-%m-%dT%H:%M:%SZ", "%Y-%m-%d %H:%M:%S")
_MOMENT: Final = (
    r"^(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?(?:[T ]+(\d{1,2}):(\d{2})(?::(\d{2})(\.\d{1,9})?)?)?"
    r"\s*([Zz]|[+-]\d{2}:?\d{2})?$"
)
_TRUE: Final = ("true", "1", "1.0", "yes", "y", "t", "是", "有")
_FALSE: Final = ("false", "0", "0.0", "no", "n", "f", "否", "无")


def parse_times(texts: pl.Series) -> pl.Series:
    """Moments in UTC. Understood: ISO 8601 with Z, an offset or none (then it is UTC), blanks or slashes as people
    write them, seconds left out, a date alone (midnight), and seconds or milliseconds since 1970."""
    stripped = texts.str.strip_chars()
    for pattern in _USUAL:
        found = stripped.str.to_datetime(pattern, time_unit="us", strict=False)
        if found.null_count() == texts.null_count():
            return found.dt.replace_time_zone("UTC")
    return stripped.to_frame("text").select(_moment().fill_null(_epoch()).alias(texts.name)).to_series()


def _moment() -> pl.Expr:
    part = pl.col("text").str.extract_groups(_MOMENT).struct.field
    date = pl.concat_str(part("1"), part("2").str.zfill(2), part("3").str.zfill(2), separator="-")
    clock = pl.concat_str(
        part("4").fill_null("00").str.zfill(2), part("5").fill_null("00"), part("6").fill_null("00"), separator=":"
    )
    offset = part("8").fill_null("Z").str.replace("(?i)^z$", "+0000").str.replace(":", "")
    text = pl.concat_str(date, pl.lit("T"), clock, part("7").fill_null(""), offset)
    return text.str.to_datetime("%Y-%m-%dT%H:%M:%S%.f%z", time_unit="us", strict=False).dt.convert_time_zone("UTC")


def _epoch() -> pl.Expr:
    digits = pl.when(pl.col("text").str.contains(r"^\d{10}(\d{3})?$")).then(pl.col("text")).cast(pl.Int64)
    micros = pl.when(digits < 10**11).then(digits * 10**6).otherwise(digits * 1000)
    return micros.cast(pl.Datetime("us")).dt.replace_time_zone("UTC")


def parse_booleans(texts: pl.Series) -> pl.Series:
    lowered = pl.col("text").str.strip_chars().str.to_lowercase()
    parsed = pl.when(lowered.is_in(_TRUE)).then(True).when(lowered.is_in(_FALSE)).then(False)
    return texts.to_frame("text").select(parsed.alias(texts.name)).to_series()


def parse_numbers(texts: pl.Series) -> pl.Series:
    return texts.str.strip_chars().cast(pl.Float64, strict=False)


def parse_as(series: pl.Series, wanted: pl.DataType | type[pl.DataType]) -> pl.Series:
    """`series`, text or already typed (Parquet), as `wanted`; null where that can't be done."""
    if wanted == pl.String:
        return series.cast(pl.String).str.strip_chars()
    if series.dtype == pl.String:
        return _parse_text(series, wanted)
    if wanted == TIME:
        return _as_utc(series)
    if wanted == pl.Date and series.dtype != pl.Date:
        return _as_utc(series).dt.date()
    return series.cast(wanted, strict=False)


def _parse_text(texts: pl.Series, wanted: pl.DataType | type[pl.DataType]) -> pl.Series:
    if wanted == TIME:
        return parse_times(texts)
    if wanted == pl.Date:
        return parse_times(texts).dt.date()
    if wanted == pl.Boolean:
        return parse_booleans(texts)
    return parse_numbers(texts)


def _as_utc(series: pl.Series) -> pl.Series:
    if series.dtype.is_integer() or series.dtype.is_float():
        return parse_times(series.cast(pl.Int64, strict=False).cast(pl.String))
    moments = series.cast(pl.Datetime("us", getattr(series.dtype, "time_zone", None)), strict=False)
    if moments.dtype == pl.Datetime("us"):
        return moments.dt.replace_time_zone("UTC")
    return moments.dt.convert_time_zone("UTC")
