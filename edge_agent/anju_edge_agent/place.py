"""Where the wire to a bus begins: a serial port, or a TCP port of a meter or a serial server."""

from dataclasses import dataclass

PARITIES = ("none", "even", "odd")


@dataclass(frozen=True, slots=True)
class TcpPlace:
    host: str
    port: int

    @property
    def name(self) -> str:
        """What tells this bus from others."""
        return f"{self.host}:{self.port}"

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True, slots=True)
class SerialPlace:
    """Eight data bits. `parity` is one of PARITIES."""

    path: str
    baud: int = 9600
    parity: str = "none"
    stop_bits: int = 1

    @property
    def name(self) -> str:
        return self.path

    @property
    def character_s(self) -> float:
        """How long one character is on the line, in seconds."""
        return (1 + 8 + (self.parity != "none") + self.stop_bits) / self.baud

    def __str__(self) -> str:
        return f"{self.path} ({self.baud} 8{self.parity[0].upper()}{self.stop_bits})"


Place = TcpPlace | SerialPlace
