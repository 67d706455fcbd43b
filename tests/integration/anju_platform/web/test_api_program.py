"""`anju api` as a process of its own."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import httpx

from anju_platform.web.security import LOOPBACK
from anju_platform.web.server import options_from


def test_the_program_serves_on_a_free_port_says_which_and_stops_when_asked(database_url: str) -> None:
    environment = {**os.environ, "ANJU_DATABASE_URL": database_url, "ANJU_CLOCK": "real"}
    command = [str(Path(sys.executable).with_name("anju")), "api", "--port", "0"]
    with subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True) as program:
        assert program.stderr
        try:
            line = next(line for line in program.stderr if '"serving"' in line)
            address = json.loads(line)["url"]
            assert address.startswith("http://127.0.0.1:")
            with httpx.stream("GET", f"{address}/events/stream?community=jinxiu", timeout=20) as watched:
                assert httpx.get(f"{address}/readyz").json() == {"status": "ok"}
                assert httpx.get(f"{address}/healthz", headers={"Host": "elsewhere.example"}).status_code == 400
                program.send_signal(signal.SIGTERM)
                assert list(watched.iter_lines())
            program.wait(20)
        finally:
            program.kill()


def test_a_database_that_is_not_there_yet_does_not_keep_the_program_from_starting() -> None:
    environment = {**os.environ, "ANJU_DATABASE_URL": "postgresql://127.0.0.1:1/none", "ANJU_CLOCK": "real"}
    command = [str(Path(sys.executable).with_name("anju")), "api", "--port", "0"]
    with subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True) as program:
        assert program.stderr
        try:
            line = next(line for line in program.stderr if '"serving"' in line)
            address = json.loads(line)["url"]
            assert httpx.get(f"{address}/healthz").status_code == 200
        finally:
            program.kill()


def test_only_a_server_of_this_machine_alone_asks_for_this_machines_names() -> None:
    assert tuple(options_from({}, host="127.0.0.1").hosts) == LOOPBACK
    assert tuple(options_from({}, host="0.0.0.0").hosts) == ("*",)
    assert tuple(options_from({}, host="0.0.0.0", hosts=["anju.example"]).hosts) == ("anju.example",)
    assert options_from({"ANJU_ASSETS_DIR": "/srv/assets"}, host="::1").assets_dir == Path("/srv/assets")
