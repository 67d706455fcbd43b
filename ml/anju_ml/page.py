"""The report as one HTML page that needs nothing else: charts are drawn by the template as SVG."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from anju_ml.report import SHOWN, shown


def write_page(path: Path, report: Mapping[str, Any]) -> None:
    """Write `report`, as `run_backtest` gives it, to `path`."""
    environment = Environment(
        loader=PackageLoader("anju_ml"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["shown"] = shown
    environment.filters["thousands"] = "{:,}".format
    page = environment.get_template("backtest.html").render(report=report, figures=SHOWN)
    path.write_text(page, encoding="utf-8")
