"""Units of points, as UCUM codes (ucum.org), with what a page shows. A unit not listed is refused in a birth."""

from types import MappingProxyType
from typing import Final

from anju_contracts.errors import ContractError

SHOWN_AS: Final = MappingProxyType(
    {
        "1": "",
        "%": "%",
        "Cel": "°C",
        "K": "K",
        "s": "s",
        "ms": "ms",
        "min": "min",
        "h": "h",
        "d": "d",
        "m": "m",
        "mm": "mm",
        "um": "µm",
        "m/s": "m/s",
        "mm/s": "mm/s",
        "m/s2": "m/s²",
        "mm/s2": "mm/s²",
        "m[g]": "mg",
        "V": "V",
        "mV": "mV",
        "A": "A",
        "mA": "mA",
        "W": "W",
        "kW": "kW",
        "var": "var",
        "V.A": "VA",
        "kW.h": "kWh",
        "kvar.h": "kvarh",
        "Hz": "Hz",
        "deg": "°",
        "N": "N",
        "N.m": "N·m",
        "kPa": "kPa",
        "bar": "bar",
        "m3": "m³",
        "L": "L",
        "m3/h": "m³/h",
        "L/h": "L/h",
        "L/min": "L/min",
        "dB": "dB",
        "dB[mW]": "dBm",
        "kg": "kg",
        "/h": "/h",
        "/d": "/d",
        "Ohm": "Ω",
    }
)


def check_unit(unit: str, *, message: str, field: str) -> str:
    """`unit` itself when it is known; ContractError otherwise."""
    if unit not in SHOWN_AS:
        raise ContractError(message, field, unit, "a UCUM code: " + " ".join(SHOWN_AS))
    return unit
