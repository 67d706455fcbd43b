"""A program whose wall clock is set wrong, forth and back, while it runs."""

import json
import subprocess
import sys
import time
from pathlib import Path

from anju_simulators.chaos.shifted import write_offset

PROGRAM = """
import json, sys, time
from anju_contracts.clock import RealClock
for line in sys.stdin:
    told = [RealClock().now().timestamp(), time.time(), time.time_ns() / 1e9]
    print(json.dumps({"wall": told, "monotonic": time.monotonic(), "arguments": sys.argv[1:]}), flush=True)
"""
NEAR_S = 30.0


def test_the_wall_clock_follows_the_file_and_the_monotonic_one_does_not(tmp_path: Path) -> None:
    clock, program = tmp_path / "clock", tmp_path / "program.py"
    program.write_text(PROGRAM, encoding="utf-8")
    write_offset(clock, 0.0)
    command = [sys.executable, "-m", "anju_simulators.chaos.shifted", str(clock), str(program), "run", "gateway.toml"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as running:
        assert running.stdin is not None
        assert running.stdout is not None
        for offset_s in (0.0, 3600.0, -3600.0, 0.0):
            write_offset(clock, offset_s)
            running.stdin.write("\n")
            running.stdin.flush()
            told = json.loads(running.stdout.readline())
            assert all(abs(wall - time.time() - offset_s) < NEAR_S for wall in told["wall"])
            assert abs(told["monotonic"] - time.monotonic()) < NEAR_S
            assert told["arguments"] == ["run", "gateway.toml"]
        running.stdin.close()
    assert running.returncode == 0
