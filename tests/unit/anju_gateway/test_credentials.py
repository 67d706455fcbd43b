"""When a gateway takes new certificate files, and when it doesn't."""

import os
from datetime import UTC, datetime
from pathlib import Path

import pytest

from anju_contracts.topics import GatewayAddress
from anju_edge_agent.endpoint import Endpoint
from anju_gateway.credentials import LOOK_EVERY_S, Credentials
from anju_platform.enrol.authority import create_authority, open_authority
from anju_platform.enrol.bundle import write_bundle

NOW = datetime.now(UTC)
A = GatewayAddress("jinxiu", "gw-1")


class Box:
    """The files of a gateway, from an authority of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "box"
        self._authority = folder / "authority"
        create_authority(self._authority, title="test", now=NOW)
        self.renew(first=True)
        files = (self.folder / name for name in ("ca.pem", "gateway.pem", "gateway.key"))
        self.endpoint = Endpoint("127.0.0.1", 8883, True, None, None, *files)

    def renew(self, *, first: bool = False) -> None:
        with open_authority(self._authority) as authority:
            make = authority.enrol if first else authority.rotate
            write_bundle(self.folder, A, make(A, now=NOW, days=1), authority=self._authority, url="mqtts://127.0.0.1")


@pytest.fixture
def box(tmp_path: Path) -> Box:
    return Box(tmp_path)


def test_files_that_stay_are_never_new(box: Box) -> None:
    credentials = Credentials(box.endpoint, now_s=0)
    assert not any(credentials.replaced(second) for second in range(100))


def test_a_new_pair_is_noticed_when_it_is_looked_for(box: Box) -> None:
    credentials = Credentials(box.endpoint, now_s=0)
    box.renew()
    assert not credentials.replaced(LOOK_EVERY_S - 0.1)
    assert credentials.replaced(LOOK_EVERY_S)


def test_half_of_a_new_pair_changes_nothing_until_the_other_half_is_there(box: Box) -> None:
    credentials = Credentials(box.endpoint, now_s=0)
    old = (box.folder / "gateway.pem").read_bytes()
    box.renew()
    new = (box.folder / "gateway.pem").read_bytes()
    (box.folder / "gateway.pem").write_bytes(old)
    assert not credentials.replaced(LOOK_EVERY_S)
    assert not credentials.replaced(2 * LOOK_EVERY_S)
    (box.folder / "gateway.pem").unlink()
    assert not credentials.replaced(3 * LOOK_EVERY_S)
    (box.folder / "gateway.pem").write_bytes(new)
    assert credentials.replaced(4 * LOOK_EVERY_S)


def test_files_that_were_only_touched_begin_a_new_session_and_do_no_harm(box: Box) -> None:
    credentials = Credentials(box.endpoint, now_s=0)
    os.utime(box.folder / "gateway.pem", (1, 1))
    assert credentials.replaced(LOOK_EVERY_S)


def test_without_certificates_there_is_nothing_to_look_at() -> None:
    assert not Credentials(Endpoint("127.0.0.1", 1883), now_s=0).replaced(LOOK_EVERY_S)
