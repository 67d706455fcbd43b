"""Pages without JavaScript: every one renders in both languages, and the forms do what they say."""

import re

import httpx
import psycopg
import pytest

PAGES = [
    "/c/jinxiu", "/c/jinxiu/assets", "/c/jinxiu/assets?kind=lift", "/c/jinxiu/tickets", "/c/jinxiu/tickets?state=all",
    "/c/jinxiu/tickets?origin=request", "/c/jinxiu/model", "/c/jinxiu/ageing", "/assets/jinxiu:lift-03",
    "/assets/jinxiu:door-05",
    "/assets/jinxiu:em-001/parts/latest", "/tickets/1", "/tickets/2", "/tickets/3", "/tickets/4", "/tickets/5",
    "/tickets/6", "/tickets/7",
    *(f"/c/jinxiu/parts/{part}" for part in ("clock", "figures", "tickets", "risks", "alarms", "complaints")),
    "/c/jinxiu/parts/gateways",
]  # fmt: skip


@pytest.mark.parametrize("path", PAGES)
@pytest.mark.parametrize("language", ["zh", "en"])
def test_every_page_renders_in_both_languages(client: httpx.Client, path: str, language: str) -> None:
    answer = client.get(path, headers={"Cookie": f"anju_lang={language}"})
    assert answer.status_code == 200
    assert answer.headers["content-security-policy"].startswith("default-src 'none'")
    assert "Undefined" not in answer.text
    # what is left of the other language is data: labels, names, notes
    words = re.sub(r"<[^>]+>", " ", answer.text)
    assert ("Overview" in words) == (language == "en" and "<html" in answer.text)


def test_the_only_community_is_shown_at_once(client: httpx.Client) -> None:
    answer = client.get("/")
    assert (answer.status_code, answer.headers["location"]) == (303, "/c/jinxiu")


def test_several_communities_are_listed_and_none_explains_how_to_begin(
    own: httpx.Client, conn: psycopg.Connection, client: httpx.Client
) -> None:
    conn.execute("INSERT INTO community (id, label_zh, label_en, created_at) VALUES ('b', '翠湖', 'Cuihu', now())")
    assert "翠湖" in own.get("/").text
    assert own.get("/c/b").status_code == 200
    assert "没有未结工单" in own.get("/c/b").text
    assert own.get("/c/b/assets").status_code == own.get("/c/b/tickets").status_code == 200


def test_a_community_without_anything_says_how_to_begin(conn: psycopg.Connection, own: httpx.Client) -> None:
    conn.execute("TRUNCATE community CASCADE")
    assert "anju import" in own.get("/").text


def test_a_choice_of_language_is_remembered(client: httpx.Client) -> None:
    answer = client.get("/c/jinxiu?lang=en")
    assert "anju_lang=en" in answer.headers["set-cookie"]
    assert '<html lang="en">' in answer.text
    assert '<html lang="en">' in client.get("/c/jinxiu").text
    client.cookies.clear()
    assert '<html lang="zh-CN">' in client.get("/c/jinxiu?lang=klingon").text


def test_long_lists_go_on_under_more(own: httpx.Client, conn: psycopg.Connection) -> None:
    conn.execute(
        "INSERT INTO asset (community_id, code, kind, model, first_seen_at)"
        " SELECT 'jinxiu', 'x-' || n, 'bench', 'm', now() FROM generate_series(1, 70) AS n"
    )
    first = own.get("/c/jinxiu/assets?kind=bench").text
    more = re.search(r'hx-get="([^"]+cursor=[^"]+)"', first)
    assert more
    rest = own.get(more[1].replace("&amp;", "&"), headers={"HX-Request": "true"}).text
    assert "<html" not in rest
    codes = re.findall(r'class="code">(x-\d+)<', first + rest)
    assert sorted(codes) == sorted({f"x-{number}" for number in range(1, 71)})


def test_a_visit_is_written_down_with_plain_forms(own: httpx.Client) -> None:
    accepted = own.post("/tickets/1/accept", data={"actor": "王建国", "version": "1"})
    assert (accepted.status_code, accepted.headers["location"]) == (303, "/tickets/1")
    page = own.get("/tickets/1").text
    assert 'value="王建国"' in page
    assert 'action="/tickets/1/resolve"' in page
    assert all(text in page for text in ("最迟上门", "请携带", "门机皮带", "所需资质"))
    done = {"actor": "王建国", "version": "2", "finding": "worn", "action": "replace", "component": "door_operator"}
    assert own.post("/tickets/1/resolve", data=done).status_code == 303
    assert own.post("/tickets/1/notes", data={"actor": "客服", "note": "住户已回访"}).status_code == 303
    assert own.post("/tickets/1/close", data={"actor": "客服", "version": "4"}).status_code == 303
    page = own.get("/tickets/1").text
    assert "住户已回访" in page
    assert 'data-state="closed"' in page


@pytest.mark.parametrize(
    ("verb", "form", "status", "words"),
    [
        ("accept", {"actor": " ", "version": "1"}, 422, "请填写姓名"),
        ("accept", {"actor": "王", "version": "9"}, 409, "刚刚有了变化"),
        ("resolve", {"actor": "王", "finding": "worn", "action": "replace"}, 409, "刚刚有了变化"),
        ("resolve", {"actor": "王", "action": "replace"}, 422, "请选择发现了什么"),
        ("close", {"actor": "王"}, 422, "请选择关闭原因"),
        ("close", {"actor": "王", "reason": "bored"}, 422, "请选择关闭原因"),
        ("notes", {"actor": "王", "note": " "}, 422, "请写点内容"),
    ],
)
def test_a_form_that_cannot_be_taken_comes_back_filled_in_and_says_why(
    own: httpx.Client, verb: str, form: dict[str, str], status: int, words: str
) -> None:
    answer = own.post(f"/tickets/1/{verb}", data=form)
    assert answer.status_code == status
    assert words in answer.text
    assert f'value="{form["actor"]}"' in answer.text
    assert 'data-state="new"' in answer.text


def test_a_page_that_was_not_found_says_so_for_parts_too(client: httpx.Client) -> None:
    assert client.get("/c/jinxiu/parts/nonsense").status_code == 404


def test_the_share_ahead_of_complaints_counts_only_what_visits_found(
    own: httpx.Client, conn: psycopg.Connection
) -> None:
    assert "1<small> / 1</small>" in own.get("/c/jinxiu/parts/figures").text
    conn.execute("UPDATE ticket SET finding = 'confirmed' WHERE finding = 'nothing_found'")
    assert "1<small> / 2</small>" in own.get("/c/jinxiu/parts/figures").text
    conn.execute("UPDATE ticket SET finding = NULL")
    assert "还没有上门确认的问题" in own.get("/c/jinxiu/parts/figures").text


def test_old_data_say_how_old_they_are(own: httpx.Client, conn: psycopg.Connection) -> None:
    assert "实时" in own.get("/c/jinxiu/parts/clock").text
    conn.execute("UPDATE latest SET at = at - interval '3 days'")
    assert "数据截至 3月7日" in own.get("/c/jinxiu/parts/clock").text
    conn.execute("DELETE FROM latest")
    assert "尚无数据" in own.get("/c/jinxiu/parts/clock").text


def test_why_no_model_is_at_work_is_told(own: httpx.Client, conn: psycopg.Connection) -> None:
    conn.execute("UPDATE model SET role = 'refused', why_not = 'no better than three repairs in 90 days'")
    assert "no better than three repairs" in own.get("/c/jinxiu/model").text


@pytest.mark.parametrize(
    "path",
    ["/static/app.css", "/static/asset.js", "/static/icons.svg", "/vendor/htmx/htmx.min.js",
     "/vendor/htmx-sse/sse.min.js", "/vendor/uplot/uPlot.esm.js", "/vendor/uplot/uPlot.min.css"],
)  # fmt: skip
def test_static_files_are_served_with_their_kind(client: httpx.Client, path: str) -> None:
    answer = client.get(path)
    assert answer.status_code == 200
    assert answer.headers["content-type"].split(";")[0] in {"text/css", "text/javascript", "image/svg+xml"}


def test_the_usual_of_a_swing_is_no_line_in_the_chart_of_its_level(own: httpx.Client, conn: psycopg.Connection) -> None:
    drawn = re.findall(r'data-source="door_motor_a"[^>]*data-usual="([^"]*)"', own.get("/tickets/1").text)
    assert drawn[0]
    swing = "jsonb_set(reasons, '{0,feature}', '\"door_motor_a|swing:7d\"')"
    conn.execute(f"UPDATE prediction SET reasons = {swing} WHERE ticket_id = 1")
    page = own.get("/tickets/1").text
    assert re.findall(r'data-source="door_motor_a"[^>]*data-usual="([^"]*)"', page) == [""]
