"""Frames of DL/T 645, by the codec of the `dlt645` package, and by nothing else of it.

Importing that package as it stands reads tables of 4 MB, which cost a gateway 43 MB of memory. So its codec is
loaded as if its packages were plain folders; whoever imports `dlt645` elsewhere gets it whole.
"""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType
from typing import Any

from anju_edge_agent.dlt645 import wire_address

READ = 0x11
_ANSWER, _REFUSAL, _MORE = 0x80, 0x40, 0x20
_NAME = "dlt645"


@dataclass(frozen=True, slots=True)
class Reply:
    """What a meter answered: `data` without the offset of 33H, `refused` when it is an error code."""

    address: bytes
    control: int
    data: bytes

    @property
    def refused(self) -> bool:
        return bool(self.control & _REFUSAL)

    @property
    def goes_on(self) -> bool:
        """Whether more frames would follow."""
        return bool(self.control & _MORE)

    @property
    def answers_reading(self) -> bool:
        return self.control & ~(_REFUSAL | _MORE) == READ | _ANSWER


def read_request(digits: str, identifier: str, *, preamble: int) -> bytes:
    """The frame that asks the meter with this address for `identifier`, after `preamble` bytes of FE, which wake up
    some meters' receivers."""
    data = bytes.fromhex(identifier)[::-1]
    return bytes(_CODEC.build_frame(wire_address(digits), READ, data, preamble))


def take_reply(received: bytes) -> tuple[bytes, Reply | None]:
    """The first whole frame in what came, and what is left behind it; noise and broken frames are skipped."""
    rest, frame = _CODEC.deserialize_with_remaining(received)
    reply = None if frame is None else Reply(bytes(frame.addr), frame.ctrl_code, bytes(frame.data))
    return bytes(rest), reply


@contextmanager
def _without_tables() -> Iterator[None]:
    """Stand-ins for the packages whose `__init__` would read the tables; afterwards nothing of it is left."""
    spec = find_spec(_NAME)
    assert spec is not None
    assert spec.origin is not None
    folder = Path(spec.origin).parent
    before = {name: module for name, module in sys.modules.items() if _is_part(name)}
    for name in before:
        del sys.modules[name]
    for name, place in ((_NAME, folder), (f"{_NAME}.model", folder / "model")):
        hollow = ModuleType(name)
        hollow.__path__ = [str(place)]
        sys.modules[name] = hollow
    try:
        yield
    finally:
        for name in [name for name in sys.modules if _is_part(name)]:
            del sys.modules[name]
        sys.modules.update(before)


def _is_part(name: str) -> bool:
    return name == _NAME or name.startswith(f"{_NAME}.")


def _codec() -> Any:
    with _without_tables():
        return import_module(f"{_NAME}.protocol.protocol").DLT645Protocol


_CODEC = _codec()
