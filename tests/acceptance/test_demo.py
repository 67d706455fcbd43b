"""The whole mission, small: the demo's own command and all the real programs."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

SIMULATE = str(Path(sys.executable).with_name("anju-simulate"))
SMALL = ("--lifts", "16", "--doors", "40", "--electric-meters", "10", "--water-meters", "6")
TINY = ("--lifts", "2", "--doors", "2", "--electric-meters", "2", "--water-meters", "2", "--days-of-history", "30")
MARK = "ANJU_TEST_MARK"
WITHIN_S = 120.0


class Demo:
    """A demo that runs until it is told to stop. Everything it starts inherits `mark`."""

    def __init__(self, process: "subprocess.Popen[bytes]", output: Path, mark: str) -> None:
        self.process = process
        self._output = output
        self._mark = mark

    @property
    def said(self) -> str:
        return self._output.read_text(encoding="utf-8")

    def address(self) -> str:
        """Of the page, once it is there."""
        deadline = time.monotonic() + WITHIN_S
        while not (found := re.search(r"http://127\.0\.0\.1:\d+", self.said)):
            assert self.process.poll() is None, self.said
            assert time.monotonic() < deadline, self.said
            time.sleep(0.2)
        return found.group()

    def processes(self) -> list[int]:
        """Every process that the demo started and that still runs, the demo included."""
        wanted = f"{MARK}={self._mark}".encode()
        return [int(path.parent.name) for path in Path("/proc").glob("[0-9]*/environ") if wanted in _environ(path)]

    def process_of(self, *words: str) -> int:
        """The program (not its guard) whose command line ends with these words."""
        ending = "\0".join(words).encode()
        (found,) = (
            pid
            for pid in self.processes()
            if ending in (line := Path(f"/proc/{pid}/cmdline").read_bytes()) and b"services.guard" not in line
        )
        return found


def _environ(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        return b""


@contextmanager
def running(folder: Path, *arguments: str) -> Iterator[Demo]:
    mark = uuid.uuid4().hex
    output = folder.with_name("said.txt")
    with output.open("wb") as file:
        process = subprocess.Popen(
            [SIMULATE, "demo", "--folder", str(folder), *arguments],
            stdout=file,
            stderr=file,
            env={**os.environ, MARK: mark},
        )
        try:
            yield Demo(process, output, mark)
        finally:
            process.terminate()
            process.wait(WITHIN_S)


@pytest.mark.slow
@pytest.mark.timeout(420)
def test_a_bounded_demo_loses_nothing_and_every_link_works(tmp_path: Path) -> None:
    report = tmp_path / "demo.json"
    arguments = ("--once", "--json", str(report), "--folder", str(tmp_path / "demo"), "--days", "3", "--port", "18000")
    ended = subprocess.run([SIMULATE, "demo", *SMALL, *arguments], capture_output=True, check=False, timeout=400)
    assert ended.returncode == 0, ended.stderr.decode()
    figures = json.loads(report.read_text(encoding="utf-8"))
    assert figures["samples_published"] == figures["samples_stored"] > 5_000
    assert (figures["lost"], figures["duplicated"], figures["dead_letters"]) == (0, 0, 0)
    assert figures["assets"] == {"lift": 16, "door": 40, "electric_meter": 10, "water_meter": 6}
    assert figures["tickets"]["proactive"] > 0
    assert figures["tickets"]["alarm"] + figures["tickets"]["complaint"] > 0
    assert {"history", "import", "train", "score", "live", "drain"} <= figures["seconds"].keys()


@pytest.mark.slow
@pytest.mark.timeout(420)
def test_a_demo_takes_another_port_ends_completely_goes_on_and_names_a_program_that_dies(tmp_path: Path) -> None:
    folder = tmp_path / "demo"
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with running(folder, *TINY, "--port", str(port)) as demo:
            page = demo.address()
            assert f"port {port} is in use" in demo.said
            assert httpx.get(f"{page}/api/v1/assets", timeout=30).json()["items"]
            second = subprocess.run([SIMULATE, "demo", "--folder", str(folder)], capture_output=True, check=False)
            assert (second.returncode, b"another demo runs" in second.stderr) == (1, True)
            demo.process.send_signal(signal.SIGINT)
            assert demo.process.wait(WITHIN_S) == 0, demo.said
            assert demo.processes() == []
    with running(folder, "--keep") as demo:
        demo.address()
        assert "going on with the community of the demo before" in demo.said
        os.kill(demo.process_of("run", str(folder.resolve() / "gateway.toml")), signal.SIGKILL)
        assert demo.process.wait(WITHIN_S) == 1
        assert "gateway ended with code" in demo.said
        assert demo.processes() == []
