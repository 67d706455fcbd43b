"""The model page tells whether the champion still fits."""

import json

import httpx
import psycopg


def say(conn: psycopg.Connection, zh: list[str], en: list[str]) -> None:
    drift = {"until": "2026-03-10T00:00:00+00:00", "drifted": bool(en), "zh": zh, "en": en}
    conn.execute(
        "UPDATE model SET metrics = metrics || jsonb_build_object('drift', %s::jsonb) WHERE role = 'champion'",
        (json.dumps(drift),),
    )


def test_a_model_that_nobody_has_looked_at_says_nothing_of_drift(own: httpx.Client) -> None:
    assert "是否仍符合实际" not in own.get("/c/jinxiu/model").text


def test_a_model_that_fits_says_until_when(own: httpx.Client, conn: psycopg.Connection) -> None:
    say(conn, [], [])
    assert "都在模型预料之中" in own.get("/c/jinxiu/model").text


def test_a_model_that_no_longer_fits_says_why_in_both_languages(own: httpx.Client, conn: psycopg.Connection) -> None:
    say(conn, ["lift：故障 20 次"], ["lift: 20 failures"])
    assert "lift：故障 20 次" in own.get("/c/jinxiu/model").text
    english = own.get("/c/jinxiu/model", headers={"Cookie": "anju_lang=en"}).text
    assert "no longer fits" in english
    assert "lift: 20 failures" in english
