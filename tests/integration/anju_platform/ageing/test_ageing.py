"""Ageing by REST, as a page and as a table for the yearly budget."""

import csv
import io

import httpx
import psycopg
import pytest


def test_the_asset_that_fails_ever_more_often_comes_before_its_sisters(browser: httpx.Client) -> None:
    found = browser.get("/api/v1/communities/jinxiu/ageing").json()
    lifts = {item["asset"]: item for item in found["items"] if item["kind"] == "lift"}
    worst, calm = lifts["jinxiu:lift-01"], lifts["jinxiu:lift-03"]
    assert worst["failures"] == 6
    assert worst["failures_a_year"] > 2 * calm["failures_a_year"]
    assert worst["growth_low"] < worst["growth_a_year"] < worst["growth_high"]
    (life,) = worst["components"]
    assert life["component"] == "door_operator"
    assert life["low_days"] < life["median_days"] < life["high_days"]
    assert life["failures"] == 7
    assert life["renewed_at"] is not None
    order = [item["asset"] for item in found["items"] if item["kind"] == "lift"]
    assert order[0] == "jinxiu:lift-01"


def test_the_export_holds_every_asset_and_sums_that_add_up(browser: httpx.Client) -> None:
    answer = browser.get("/api/v1/communities/jinxiu/budget.csv")
    assert answer.headers["content-type"].startswith("text/csv")
    assert "attachment; filename=" in answer.headers["content-disposition"]
    rows = list(csv.DictReader(io.StringIO(answer.text.removeprefix("\ufeff"))))
    found = browser.get("/api/v1/communities/jinxiu/ageing").json()
    assert {row["asset"] for row in rows[:-1]} == {item["asset"] for item in found["items"]}
    for year in found["budget"]:
        column = f"repairs_{year['year']}_cny"
        assert float(rows[-1][column]) == pytest.approx(year["repairs"])
        assert sum(float(row[column]) for row in rows[:-1]) == pytest.approx(year["repairs"], abs=0.05)


@pytest.mark.parametrize(("language", "words"), [("zh", "今后几年的预算"), ("en", "Budget of the coming years")])
def test_the_page_tells_it_in_both_languages(browser: httpx.Client, language: str, words: str) -> None:
    answer = browser.get("/c/jinxiu/ageing", headers={"Cookie": f"anju_lang={language}"})
    assert answer.status_code == 200
    assert words in answer.text
    assert "/api/v1/communities/jinxiu/budget.csv" in answer.text


def test_an_unknown_community_is_a_problem_that_names_it(browser: httpx.Client) -> None:
    answer = browser.get("/api/v1/communities/nowhere/ageing")
    assert answer.status_code == 404
    assert "nowhere" in answer.text


def test_without_repairs_on_record_it_says_what_is_missing(browser: httpx.Client, aged: str) -> None:
    with psycopg.connect(aged, autocommit=True) as conn:
        conn.execute("INSERT INTO community (id, label_zh, label_en, created_at) VALUES ('new', '新', 'New', now())")
    found = browser.get("/api/v1/communities/new/ageing").json()
    assert (found["items"], "90 days" in found["why_not"]) == ([], True)
    assert "至少要有 90 天" in browser.get("/c/new/ageing").text
    assert browser.get("/api/v1/communities/new/budget.csv").status_code == 200
