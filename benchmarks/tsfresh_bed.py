"""tsfresh in a virtual environment of its own, and what it needs for the windows of a fleet."""

import json
import subprocess
import sys
from pathlib import Path

from anju_ml.history import History
from benchmarks.figures import NotMeasuredError
from benchmarks.programs import ROOT

VERSION = "0.21.2"
FOLDER = ROOT / ".cache" / "tsfresh"
INSTALL_WITHIN_S = 900
EXTRACT_WITHIN_S = 1800
WINDOW_DAYS = 30
EXTRACT = """
import json, sys, time, warnings
import pandas
from tsfresh import extract_features
from tsfresh.feature_extraction import EfficientFCParameters
warnings.simplefilter("ignore")
readings = pandas.read_csv(sys.argv[1])
def extract(frame):
    return extract_features(frame, column_id="window", column_sort="hour", n_jobs=0,
                            default_fc_parameters=EfficientFCParameters(), disable_progressbar=True)
extract(readings[readings["window"] == 0].head(100))
began_s = time.process_time()
found = extract(readings)
print(json.dumps({"took_s": time.process_time() - began_s, "windows": len(found), "features": found.shape[1]}))
"""
"""Extraction in one process; what is compiled at first use is compiled before the clock starts."""


def extracted(history: History, origins: list[int], folder: Path) -> dict[str, float]:
    """CPU seconds of tsfresh's efficient set for WINDOW_DAYS of hourly readings before each origin (day of the
    history) of every asset: `took_s`, `windows`, `features`. NotMeasuredError where tsfresh can't be had."""
    readings = history.readings[0].sort("asset_id", "ts")
    first = readings["ts"].min()
    rows = readings.with_columns(((readings["ts"] - first).dt.total_hours()).alias("hour"))
    assets = rows["asset_id"].unique().sort().to_list()
    path, parts, window = folder / "windows.csv", [], 0
    for asset in assets:
        own = rows.filter(rows["asset_id"] == asset).drop("asset_id", "ts")
        for origin in origins:
            inside = own["hour"].is_between((origin - WINDOW_DAYS) * 24, origin * 24, closed="left")
            parts.append(own.filter(inside).with_columns(window=window))
            window += 1
    path.write_text("".join(part.write_csv(include_header=not n) for n, part in enumerate(parts)), encoding="utf-8")
    said = _run(str(_python()), "-c", EXTRACT, str(path), within_s=EXTRACT_WITHIN_S)
    found: dict[str, float] = json.loads(said.splitlines()[-1])
    return found


def _python() -> Path:
    """The interpreter of an environment that has tsfresh, made when there is none yet."""
    python = FOLDER / "venv" / "bin" / "python"
    if not (FOLDER / "installed").exists():
        _run(sys.executable, "-m", "venv", str(FOLDER / "venv"), within_s=INSTALL_WITHIN_S)
        _run(str(python), "-m", "pip", "install", "--quiet", f"tsfresh=={VERSION}", within_s=INSTALL_WITHIN_S)
        (FOLDER / "installed").touch()
    return python


def _run(*command: str, within_s: float) -> str:
    try:
        return subprocess.run(command, check=True, capture_output=True, text=True, timeout=within_s).stdout
    except (subprocess.CalledProcessError, subprocess.TimeoutExpired) as exc:
        said = str(exc.stderr or exc).strip().splitlines()[-1:]
        raise NotMeasuredError(f"tsfresh {VERSION}: {' '.join(said)}") from exc
