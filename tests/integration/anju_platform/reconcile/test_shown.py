"""What operators see of a gap: in the API, on the pages and in the metrics."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

import httpx
import pytest
from arriving import Intake, telemetry
from reconciling import MINUTE, NOON, account, batches, check, intake_with_a_gateway
from serving import serving

from anju_contracts.account import Fault


@dataclass(frozen=True)
class Standing:
    """A clock that runs as fast as the machine's but never gets on."""

    at: datetime

    def now(self) -> datetime:
        return self.at

    def real_s(self, data_s: float) -> float:
        return data_s


@pytest.fixture
def intake(database_url: str) -> Iterator[Intake]:
    """A gateway that lost batch 7, has dropped 2 batches, and has a clock an hour ahead."""
    with intake_with_a_gateway(database_url) as made:
        made.take(*batches(1, 10))
        made.conn.execute("DELETE FROM ledger WHERE seq = 7")
        jump = Fault("gateway.clock_jump", NOON, 3600.0, "the machine's clock jumped")
        told = account(10, dropped={"outbox_full": 2}, at=NOON + 60 * MINUTE, received_at=NOON, faults=[jump])
        made.take(told, telemetry([("lift-01/trips", NOON + 60 * MINUTE, 1.0)], seq=13))
        check(made)
        yield made


@pytest.fixture
def client(intake: Intake, database_url: str) -> Iterator[httpx.Client]:
    with serving(database_url, clock=Standing(NOON + MINUTE / 2)) as address, httpx.Client(base_url=address) as browser:
        yield browser


def test_a_gateway_tells_its_ledger_its_clock_and_what_is_wrong(client: httpx.Client) -> None:
    found = client.get("/api/v1/gateways/jinxiu/gw-1").json()
    (stream,) = found["ledger"]
    assert (stream["produced"], stream["committed"], stream["dropped"]) == (120, 100, {"outbox_full": 20})
    assert (stream["stored"], stream["lost"], stream["missing_batches"]) == (90, 10, 3)
    assert stream["gaps"] == [[7, 7], [11, 12]]
    assert (found["clock"]["offset_s"], found["clock"]["is_wrong"]) == (3600.0, True)
    assert sorted(fault["code"] for fault in found["open_faults"]) == ["clock_wrong", "dropped", "lost"]
    assert (found["letters_ahead"], found["faults"]) == (1, 4)
    assert client.get("/api/v1/communities/jinxiu/ledger").json() == found["ledger"]
    assert client.get("/api/v1/gateways").json()["items"][0]["clock_is_wrong"] is True
    assert client.get("/api/v1/gateways/jinxiu/gw-9").status_code == 404
    assert client.get("/api/v1/communities/elsewhere/ledger").status_code == 404


def test_a_fault_can_be_acknowledged_and_stays_in_the_list(client: httpx.Client) -> None:
    (lost,) = (each for each in client.get("/api/v1/gateway-faults").json()["items"] if each["code"] == "lost")
    body = {"actor": "王建国", "note": "restored by hand"}
    seen = client.post(f"/api/v1/gateway-faults/{lost['id']}/acknowledge", json=body).json()
    assert (seen["acknowledged_by"], seen["note"], seen["cleared_at"]) == ("王建国", "restored by hand", None)
    assert client.get("/api/v1/gateways/jinxiu/gw-1").json()["faults"] == 3
    assert len(client.get("/api/v1/gateway-faults?open=true&limit=2").json()["items"]) == 2
    assert client.get("/api/v1/gateway-faults?open=false").json()["items"] == []
    assert client.post("/api/v1/gateway-faults/999/acknowledge", json=body).status_code == 404


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("zh", ["数据丢失", "批次之中：7", "已满 20", "网关时钟不准", "+3600.0 秒", "网关时钟跳变", "4 项异常"]),
        (
            "en",
            [
                "Data lost",
                "among the batches 7, 11",
                "full 20",
                "Clock is wrong",
                "+3600.0 s",
                "clock jumped",
                "4 wrong",
            ],
        ),
    ],
)
def test_the_pages_show_it_in_both_languages(client: httpx.Client, language: str, words: list[str]) -> None:
    headers = {"Cookie": f"anju_lang={language}"}
    pages = [client.get(path, headers=headers) for path in ("/c/jinxiu/gateways/gw-1", "/c/jinxiu")]
    pages.append(client.get("/c/jinxiu/gateways/gw-1/part", headers=headers))
    assert [page.status_code for page in pages] == [200, 200, 200]
    text = "".join(page.text for page in pages)
    assert [word for word in words if word not in text] == []
    assert "<html" not in pages[2].text
    assert client.get("/c/jinxiu/gateways/gw-9").status_code == 404


def test_metrics_name_what_is_lost_dropped_and_wrong(client: httpx.Client) -> None:
    text = client.get("/metrics").text
    gateway = 'community="jinxiu",gateway="gw-1"'
    wanted = [
        f'anju_gateway_samples{{{gateway},state="stored",stream="telemetry"}} 90.0',
        f'anju_gateway_samples{{{gateway},state="produced",stream="telemetry"}} 120.0',
        f'anju_gateway_dropped_samples{{{gateway},reason="outbox_full",stream="telemetry"}} 20.0',
        f'anju_gateway_lost_samples{{{gateway},stream="telemetry"}} 10.0',
        f'anju_gateway_missing_batches{{{gateway},stream="telemetry"}} 3.0',
        f"anju_gateway_account_age_seconds{{{gateway}}} 30.0",
        f"anju_gateway_clock_offset_seconds{{{gateway}}} 3600.0",
        f"anju_gateway_letters_ahead{{{gateway}}} 1.0",
        f'anju_gateway_faults{{acknowledged="no",code="lost",{gateway}}} 1.0',
    ]
    assert [line for line in wanted if line not in text] == []
