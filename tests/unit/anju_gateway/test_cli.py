from pathlib import Path

import pytest
from click.testing import CliRunner

from anju_edge_agent.profile_reader import builtin_profiles
from anju_gateway.cli import main
from anju_gateway.errors import AlreadyRunningError
from anju_gateway.gateway import exclusive

GOOD = """
community = "jinxiu"
gateway = "gw-1"
data_dir = "var"
[uplink]
url = "mqtt://127.0.0.1:1"
[[agent]]
name = "meters"
driver = "modbus"
host = "127.0.0.1"
[[agent.device]]
asset = "em-001"
profile = "eastron-sdm630"
unit = 1
"""


def write(folder: Path, text: str) -> str:
    (folder / "gateway.toml").write_text(text, encoding="utf-8")
    return str(folder / "gateway.toml")


def test_check_finds_nothing_in_a_good_file(tmp_path: Path) -> None:
    result = CliRunner().invoke(main, ["check", write(tmp_path, GOOD)])
    assert result.exit_code == 0
    assert "fine; 1 agent, 1 device, 10 points" in result.output


@pytest.mark.parametrize("command", ["check", "run"])
def test_mistakes_are_all_named_with_exit_code_2(tmp_path: Path, command: str) -> None:
    text = GOOD.replace("data_dir", "datadir").replace("unit = 1", "unit = 1000")
    result = CliRunner().invoke(main, [command, write(tmp_path, text)])
    assert result.exit_code == 2
    assert "datadir: got 'var', expected no such key (did you mean 'data_dir'?)" in result.output
    assert "agent[0].device[0].unit: got 1000, expected a whole number at least 0 and at most 255" in result.output
    assert "data_dir: is missing" in result.output
    assert "3 mistakes" in result.output


def test_profiles_lists_every_model() -> None:
    result = CliRunner().invoke(main, ["profiles"])
    assert result.exit_code == 0
    assert [line.split()[0] for line in result.output.splitlines()] == list(builtin_profiles())


def test_a_clock_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    result = CliRunner(env={"ANJU_CLOCK": "tomorrow"}).invoke(main, ["run", write(tmp_path, GOOD)])
    assert result.exit_code == 1
    assert "ANJU_CLOCK" in result.output


def test_two_gateways_never_share_a_data_folder(tmp_path: Path) -> None:
    with exclusive(tmp_path / "var"):
        with pytest.raises(AlreadyRunningError, match="in use"), exclusive(tmp_path / "var"):
            pass
        result = CliRunner().invoke(main, ["run", write(tmp_path, GOOD)])
    assert result.exit_code == 1
    assert "in use by another anju-gateway" in result.output
    with exclusive(tmp_path / "var"):
        pass
