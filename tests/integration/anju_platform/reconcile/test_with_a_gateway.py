"""A real gateway, a broker and an ingest: no false alarm while data flow, and a loss in the middle of it is named."""

import time
from datetime import UTC, datetime
from pathlib import Path

import psycopg
from ingesting import ingest_on, settings_for, wait_for

from anju_contracts.clock import RealClock
from anju_contracts.topics import GatewayAddress
from anju_edge_agent.samples import Sample
from anju_gateway.config_reader import load_config
from anju_gateway.gateway import Gateway
from anju_platform.reconcile.check import reconcile
from anju_platform.reconcile.models import Fault
from anju_simulators.services import Broker

ADDRESS = GatewayAddress("ledger-flow", "gw-1")


def gateway_on(broker: Broker, folder: Path) -> Gateway:
    (folder / "gateway.toml").write_text(
        f'community = "{ADDRESS.community}"\ngateway = "{ADDRESS.gateway}"\ndata_dir = "var"\n'
        f'[uplink]\nurl = "{broker.url}"\naccount_interval_s = 0.2\nflush_timeout_s = 2\n'
        '[[agent]]\nname = "meters"\ndriver = "modbus"\nhost = "127.0.0.1"\nport = 1\n'
        '[[agent.device]]\nasset = "em-001"\nprofile = "eastron-sdm630"\nunit = 1\nperiod_s = 86400\n',
        encoding="utf-8",
    )
    (folder / "var").mkdir()
    return Gateway(load_config(folder / "gateway.toml"), RealClock())


def test_data_that_flow_raise_no_false_alarm_and_a_batch_that_vanishes_meanwhile_is_named(
    database_url: str, broker: Broker, tmp_path: Path
) -> None:
    named: list[Fault] = []
    with (
        psycopg.connect(database_url, autocommit=True) as conn,
        ingest_on(settings_for(database_url, broker)),
        gateway_on(broker, tmp_path) as gateway,
    ):

        def flow(batches: int) -> None:
            for _ in range(batches):
                now_us = time.time_ns() // 1000
                gateway.outbox([Sample("em-001", "power_w", now_us + n, 1.0) for n in range(5)], [])

        def flow_on() -> bool:
            flow(2)
            return False

        def look() -> bool:
            named.extend(reconcile(conn, now=datetime.now(UTC), clock=RealClock(), every_s=0).raised)
            return bool(named)

        def stored() -> int:
            row = conn.execute("SELECT coalesce(max(stored_samples), 0) FROM outbox_account").fetchone()
            return int(row[0]) if row else 0

        for _ in range(20):
            flow(10)
            assert not look(), named
        wait_for(lambda: look() or stored() >= 1000)
        assert named == []
        conn.execute("DELETE FROM ledger WHERE seq = (SELECT max(seq) / 2 FROM ledger)")
        wait_for(lambda: look() or flow_on())
    assert [(fault.code, fault.detail["batches"]) for fault in named] == [("lost", 1)]
