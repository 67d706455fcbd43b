"""Child processes of the demo, with real processes."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from anju_simulators.demo.errors import ChildFailed
from anju_simulators.demo.supervise import Supervisor

PYTHON = sys.executable
LIVES_ON = [PYTHON, "-c", "import time; print('up', flush=True); time.sleep(60)"]
DIES = [PYTHON, "-c", "import sys; print('the reason'); sys.exit(3)"]
STUBBORN = [
    PYTHON,
    "-c",
    "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('up', flush=True); time.sleep(60)",
]
HAS_A_CHILD = [
    PYTHON,
    "-c",
    "import subprocess, time; print(subprocess.Popen(['sleep', '60']).pid, flush=True); time.sleep(60)",
]


def await_log(log: Path) -> str:
    deadline = time.monotonic() + 20
    while not (text := log.read_text()).endswith("\n"):
        assert time.monotonic() < deadline
        time.sleep(0.02)
    return text


def is_alive(pid: int) -> bool:
    """Whether the process runs; one that ended and was not waited for doesn't."""
    status = Path(f"/proc/{pid}/stat")
    return status.exists() and status.read_text().rpartition(")")[2].split()[0] != "Z"


def await_end(pid: int) -> None:
    deadline = time.monotonic() + 20
    while is_alive(pid):
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_a_program_that_does_its_work_leaves_its_output_in_its_log(tmp_path: Path) -> None:
    with Supervisor(tmp_path) as supervisor:
        supervisor.run("worker", [PYTHON, "-c", "import os; print(os.environ['GIVEN'])"], {"GIVEN": "42"})
    assert (tmp_path / "worker.log").read_text() == "42\n"


def test_a_program_that_fails_is_named_with_the_end_of_its_log(tmp_path: Path) -> None:
    with Supervisor(tmp_path) as supervisor, pytest.raises(ChildFailed, match="train ended with code 3") as failed:
        supervisor.run("train", DIES, {})
    assert "the reason" in str(failed.value)


def test_a_program_that_dies_while_another_works_is_noticed(tmp_path: Path) -> None:
    with Supervisor(tmp_path) as supervisor:
        supervisor.start("gateway", DIES, {})
        with pytest.raises(ChildFailed, match="gateway"):
            supervisor.run("train", LIVES_ON, {})


def test_a_program_that_is_stopped_ends_well(tmp_path: Path) -> None:
    with Supervisor(tmp_path) as supervisor:
        child = supervisor.start("api", LIVES_ON, {})
        await_log(child.log)
        supervisor.check()
        supervisor.stop("api")
        supervisor.check()


def test_a_program_that_had_died_before_it_was_stopped_ended_badly(tmp_path: Path) -> None:
    with Supervisor(tmp_path) as supervisor:
        child = supervisor.start("api", DIES, {})
        child.process.wait()
        assert supervisor.end("api") == ["api"]
        supervisor.start("api", DIES, {}).process.wait()
        with pytest.raises(ChildFailed, match="the reason"):
            supervisor.stop("api")


def test_a_program_that_does_not_listen_is_killed(tmp_path: Path) -> None:
    with Supervisor(tmp_path, patience_s=0.3) as supervisor:
        child = supervisor.start("api", STUBBORN, {})
        await_log(child.log)
        assert supervisor.end("api") == ["api"]


def test_leaving_ends_every_program_and_what_it_started(tmp_path: Path) -> None:
    with Supervisor(tmp_path) as supervisor:
        child = supervisor.start("worker", HAS_A_CHILD, {})
        grandchild = int(await_log(child.log))
        assert is_alive(grandchild)
    assert child.process.poll() is not None
    await_end(grandchild)


def test_programs_end_even_when_the_demo_itself_is_killed(tmp_path: Path) -> None:
    script = (
        "import sys, time; from pathlib import Path; from anju_simulators.demo.supervise import Supervisor\n"
        "child = Supervisor(Path(sys.argv[1])).start('api', [sys.executable, '-c',"
        " 'import os, time; print(os.getpid(), flush=True); time.sleep(60)'], {})\n"
        "print('up', flush=True); time.sleep(60)"
    )
    with subprocess.Popen([PYTHON, "-c", script, str(tmp_path)], stdout=subprocess.PIPE) as demo:
        assert demo.stdout is not None
        demo.stdout.readline()
        pid = int(await_log(tmp_path / "api.log"))
        os.kill(demo.pid, signal.SIGKILL)
    await_end(pid)
