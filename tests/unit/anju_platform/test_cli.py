import json
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from anju_platform.cli import main, write_report


def test_help_names_every_program() -> None:
    text = CliRunner().invoke(main, ["--help"]).output
    for program in ("migrate", "import", "ingest", "worker", "api", "train", "score", "commands", "gateway"):
        assert f"\n  {program} " in text


def test_help_needs_no_heavy_module() -> None:
    script = (
        "import sys; import anju_platform.cli; print([m for m in ('polars', 'sklearn', 'fastapi') if m in sys.modules])"
    )
    found = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"


def test_a_missing_setting_is_said_in_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ANJU_DATABASE_URL", raising=False)
    result = CliRunner().invoke(main, ["migrate"])
    assert result.exit_code == 1
    assert result.output.startswith("Error: ANJU_DATABASE_URL: got ''")


def test_a_report_is_readable_json(tmp_path: Path) -> None:
    write_report(tmp_path / "r.json", {"小区": 1})
    assert json.loads((tmp_path / "r.json").read_text(encoding="utf-8")) == {"小区": 1}
    write_report(None, {})
