"""Runs one server and stops it when whoever started the guard is gone, however that came about.

`python -m anju_simulators.services.guard STOP_SIGNAL GRACE_S COMMAND...` writes the server's process id as its first
line and then watches its own standard input: the starter holds the other end, so it closes when the starter ends, even
by SIGKILL. The server then gets STOP_SIGNAL and, when it is still there after GRACE_S seconds, SIGKILL.
"""

import os
import signal
import subprocess
import sys
import threading
from types import FrameType


def main() -> None:
    stop_signal, grace_s, *command = sys.argv[1:]
    server = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=sys.stderr)  # noqa: S603
    stop = threading.Event()

    def on_signal(_number: int, _frame: FrameType | None) -> None:
        stop.set()

    signal.signal(signal.SIGTERM, on_signal)
    signal.signal(signal.SIGINT, on_signal)
    threading.Thread(target=_await_starter, args=(stop,), daemon=True).start()
    threading.Thread(target=_await_stop, args=(server, stop, signal.Signals[stop_signal], float(grace_s))).start()
    print(server.pid, flush=True)
    code = server.wait()
    stop.set()
    sys.exit(code if code >= 0 else 128 - code)


def _await_starter(stop: threading.Event) -> None:
    while os.read(sys.stdin.fileno(), 1):
        pass
    stop.set()


def _await_stop(server: subprocess.Popen[bytes], stop: threading.Event, number: signal.Signals, grace_s: float) -> None:
    stop.wait()
    if server.poll() is not None:
        return
    server.send_signal(number)
    try:
        server.wait(grace_s)
    except subprocess.TimeoutExpired:
        server.kill()


if __name__ == "__main__":
    main()
