"""Reading where a bus is from a driver's part of gateway.toml."""

from typing import Final

from anju_edge_agent.place import PARITIES, Place, SerialPlace, TcpPlace
from anju_edge_agent.tables import Absent, Table

LEAST_BAUD: Final = 300
MOST_BAUD: Final = 921_600
_ONE = "host (a meter or serial server on the network) or serial (a port of this box), one of them"


def read_place(table: Table, usual: SerialPlace, *, port: int) -> Place:
    """`host` and `port`, or `serial` with `baud`, `parity` and `stop_bits`; `usual` and `port` are what a driver's
    devices mostly have."""
    if ("host" in table) == ("serial" in table):
        table.problem("host", table.text("host") or Absent.ABSENT, _ONE)
        table.text("serial")
    if "serial" not in table:
        return TcpPlace(table.text("host"), table.integer("port", port, least=1, most=65_535))
    return SerialPlace(
        path=table.text("serial"),
        baud=table.integer("baud", usual.baud, least=LEAST_BAUD, most=MOST_BAUD),
        parity=table.choice("parity", PARITIES, usual.parity),
        stop_bits=table.integer("stop_bits", usual.stop_bits, least=1, most=2),
    )
