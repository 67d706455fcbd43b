"""How moments, spans, figures and probabilities read in each language. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from anju_platform.web.language import Language, Texts

NOTHING = "–"
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_UNITS = (("day", 86400), ("hour", 3600), ("minute", 60))


@dataclass(frozen=True, slots=True)
class Formats:
    """In one language, for people in one time zone, at one moment; in a template `f.moment(ticket.opened_at)`."""

    language: Language
    zone: ZoneInfo
    now: datetime

    @property
    def _t(self) -> Texts:
        return Texts(self.language)

    def moment(self, at: datetime | None) -> str:
        """`3月10日 10:30` or `10 Mar 10:30`; with the year where it isn't this one."""
        if at is None:
            return NOTHING
        local = at.astimezone(self.zone)
        return f"{self.day(local.date())} {local:%H:%M}"

    def day(self, day: date | None) -> str:
        if day is None:
            return NOTHING
        this_year = day.year == self.now.astimezone(self.zone).year
        if self.language == "zh":
            text = f"{day.month}月{day.day}日"
            return text if this_year else f"{day.year}年{text}"
        text = f"{day.day} {_MONTHS[day.month - 1]}"
        return text if this_year else f"{text} {day.year}"

    def clock(self, at: datetime) -> str:
        """Hours, minutes and seconds, local."""
        return f"{at.astimezone(self.zone):%H:%M:%S}"

    def ranges(self, ranges: Iterable[Sequence[int]]) -> str:
        """`7, 12–15`: numbers and stretches of numbers, both ends included."""
        return ", ".join(str(first) if first == last else f"{first}–{last}" for first, last in ranges)

    def iso(self, at: datetime | None) -> str:
        """For a `datetime` attribute."""
        return "" if at is None else at.isoformat()

    def ago(self, at: datetime | None) -> str:
        """`3 小时前`, `in 5 days`, `just now`."""
        if at is None:
            return NOTHING
        gap = self.now - at
        if abs(gap) < timedelta(minutes=1):
            return self._t("time.just_now")
        return self._t("time.ago" if gap > timedelta(0) else "time.ahead", span=self.span(abs(gap)))

    def span(self, gap: timedelta) -> str:
        """The largest unit that fits, in whole numbers: `3 小时`, `3 h`; less than a minute is told as such."""
        seconds = gap.total_seconds()
        if seconds < 60:
            return self._t("time.moment")
        name, unit_s = next(pair for pair in _UNITS if seconds >= pair[1])
        return self._t(f"time.{name}s", n=int(seconds // unit_s))

    def years(self, since: date | None) -> str:
        """An age in years to one decimal place."""
        if since is None:
            return NOTHING
        years = (self.now.astimezone(self.zone).date() - since).days / 365.25
        return self._t("time.years", n=f"{max(years, 0):.1f}")

    def percent(self, share: float | None) -> str:
        """Whole percents; `<1%` and `>99%` rather than a certainty that nobody has."""
        if share is None:
            return NOTHING
        if 0 < share < 0.01:
            return "<1%"
        return ">99%" if 0.99 < share < 1 else f"{share:.0%}"

    def change(self, share: float) -> str:
        """`+20%`, `-5%`, of something that grows or falls."""
        return f"{share:+.0%}"

    def days(self, days: float) -> str:
        """Days up to three months, then years to one decimal place."""
        if days < 91:
            return self._t("time.days", n=f"{days:.0f}")
        return self._t("time.years", n=f"{days / 365.25:.1f}")

    def number(self, value: float | None) -> str:
        """Three or so significant digits, thousands apart."""
        if value is None:
            return NOTHING
        size = abs(value)
        digits = 0 if size >= 100 or value == int(value) else 1 if size >= 10 else 2
        return f"{value:,.{digits}f}"
