"""The yearly budget as a table for a spreadsheet."""

import csv
import io

from anju_platform.ageing.models import AgeingOfCommunity, AgeingView

BOM = "\ufeff"
"""Without it spreadsheet programs take UTF-8 for something else."""
HEADINGS = (
    "asset",
    "kind",
    "label_zh",
    "label_en",
    "location",
    "installed_on",
    "failures_on_record",
    "failures_a_year",
    "growth_a_year",
    "growth_low",
    "growth_high",
    "replace_at",
    "limit_at",
    "weakest_component",
    "weakest_median_days",
)


def budget_csv(found: AgeingOfCommunity) -> str:
    """One line an asset; repairs and replacement in CNY for each of the coming years, and their sums at the end."""
    years = [year.year for year in found.budget]
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow([*HEADINGS, *(f"{what}_{year}_cny" for year in years for what in ("repairs", "replacement"))])
    for item in found.items:
        writer.writerow(
            [*_identity(item), *(cell for year in item.budget for cell in (year.repairs, year.replacement))]
        )
    sums = [cell for year in found.budget for cell in (year.repairs, year.replacement)]
    writer.writerow(["total", *([""] * (len(HEADINGS) - 1)), *sums])
    return BOM + out.getvalue()


def _identity(item: AgeingView) -> list[object]:
    weakest = item.components[0] if item.components else None
    return [
        item.asset,
        item.kind,
        _plain(item.label.zh),
        _plain(item.label.en),
        _plain(item.location or ""),
        item.installed_on or "",
        item.failures,
        item.failures_a_year,
        item.growth_a_year,
        item.growth_low,
        item.growth_high,
        item.replace_at or "",
        item.limit_at or "",
        weakest.component if weakest else "",
        weakest.median_days if weakest else "",
    ]


def _plain(text: str) -> str:
    """A text that no spreadsheet program takes for a formula."""
    return f"'{text}" if text[:1] in {"=", "+", "-", "@"} else text
