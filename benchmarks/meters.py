"""Water meters on one Modbus TCP converter: what a register holds can be changed while the gateway asks."""

import socketserver
import struct
import threading
from typing import Self

from anju_simulators.services.ports import LOOPBACK

REQUEST = struct.Struct(">HHHBBHH")
ANSWER = struct.Struct(">HHHBBB")
PROFILE = """\
driver = "modbus"
kind = "water_meter"
model = "bench-flow"
period_s = 1

[modbus]
function = 4

[[point]]
id = "flow_m3_h"
unit = "m3/h"
address = 0
type = "f32"

[[event]]
point = "flow_m3_h"
above = 0.5
code = "meter.leak"
"""
AGENT = """
[[agent]]
name = "meters"
driver = "modbus"
host = "127.0.0.1"
port = {port}
"""
DEVICE = """
[[agent.device]]
asset = "{name}"
profile = "flow.toml"
unit = {unit}
"""


class Meters:
    """Use it in a `with`. Every register pair of a unit reads as that unit's flow; it is 0 until it leaks."""

    def __init__(self) -> None:
        flows: dict[int, float] = {}
        self.flows = flows

        class Handler(socketserver.BaseRequestHandler):
            def handle(self) -> None:
                while request := self.request.recv(REQUEST.size):
                    self.request.sendall(answer(request, flows))

        self._server = socketserver.ThreadingTCPServer((LOOPBACK, 0), Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)

    @property
    def port(self) -> int:
        return int(self._server.server_address[1])

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_exc: object) -> None:
        self._server.shutdown()
        self._server.server_close()


def answer(request: bytes, flows: dict[int, float]) -> bytes:
    """The answer to one question for input registers."""
    transaction, _, _, unit, function, _, count = REQUEST.unpack(request)
    values: bytes = struct.pack(">f", flows.get(unit, 0.0)) * (count // 2)
    return ANSWER.pack(transaction, 0, 3 + len(values), unit, function, len(values)) + values


def meter_name(number: int) -> str:
    return f"meter-{number:03}"


def agent_of(port: int, meters: int) -> str:
    """The part of gateway.toml that reads them; units count from 1."""
    devices = [DEVICE.format(name=meter_name(number), unit=number + 1) for number in range(meters)]
    return AGENT.format(port=port) + "".join(devices)
