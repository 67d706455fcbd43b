"""The pages as people see them: on a phone and at a desk, in Chinese and English, light and dark."""

from collections.abc import Callable
from contextlib import suppress

import psycopg
import pytest
from playwright.sync_api import Locator, Page, expect
from playwright.sync_api import TimeoutError as PlaywrightTimeout

from anju_platform.desk.service import report
from anju_platform.storage.notify import notify

pytestmark = pytest.mark.browser

Open = Callable[..., Page]
LIFT = "/assets/jinxiu:lift-03"
INKED = """canvas => {
    const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
    let inked = 0;
    for (let i = 3; i < data.length; i += 4) inked += data[i] > 0;
    return inked;
}"""
sizes = pytest.mark.parametrize("size", ["phone", "desk"])
languages = pytest.mark.parametrize("language", ["zh", "en"])


def inked(page: Page, selector: str) -> list[int]:
    """How many pixels of each canvas are painted."""
    return [canvas.evaluate(INKED) for canvas in page.locator(selector).all()]


def fits(page: Page) -> bool:
    """Whether nothing makes the page wider than its window."""
    return bool(page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth"))


@sizes
@languages
def test_the_overview_shows_the_community_at_a_glance(open_page: Open, size: str, language: str) -> None:
    page = open_page(f"/c/jinxiu?lang={language}", size=size)
    words = {"zh": ("锦绣花园", "主动预防", "门机"), "en": ("Jinxiu Garden", "Proactive", "door operator")}[language]
    for word in words:
        expect(page.get_by_text(word).first).to_be_visible()
    expect(page.locator(".foreseen").first).to_contain_text("72%")
    expect(page.locator("#part-risks .risk-line").first).to_contain_text("72%")
    expect(page.locator(".tabs a[aria-current=page]")).to_be_visible()
    assert fits(page)


@sizes
@languages
def test_an_asset_is_told_on_one_time_axis(open_page: Open, size: str, language: str) -> None:
    page = open_page(f"{LIFT}?lang={language}", size=size)
    expect(page.locator("#axis-charts")).to_have_attribute("data-drawn", "5")
    painted = inked(page, "#axis-charts canvas")
    assert len(painted) == 5
    assert min(painted) > 1000
    assert fits(page)


def test_the_charts_of_an_asset_share_cursor_range_and_points(open_page: Open) -> None:
    page = open_page(LIFT)
    charts = page.locator("#axis-charts")
    expect(charts).to_have_attribute("data-drawn", "5")
    charts.locator(".u-over").nth(2).hover(position={"x": 600, "y": 40})
    expect(page.locator("#axis-readout")).to_contain_text("2月")
    assert all(text.strip() for text in charts.locator(".lane-title strong").all_inner_texts()[1:])
    page.locator("[data-point=trips]").click()
    expect(charts).to_have_attribute("data-drawn", "6")
    page.locator("[data-days='7']").click()
    expect(page.locator("[data-days='7']")).to_have_attribute("aria-pressed", "true")
    expect(charts).to_have_attribute("aria-busy", "false")
    assert min(inked(page, "#axis-charts canvas")) > 500
    charts.locator(".u-over").nth(2).scroll_into_view_if_needed()
    over = charts.locator(".u-over").nth(2).bounding_box()
    assert over
    page.mouse.move(over["x"] + 200, over["y"] + 30)
    page.mouse.down()
    page.mouse.move(over["x"] + 400, over["y"] + 30, steps=5)
    page.mouse.up()
    expect(page.locator("[data-days='7']")).to_have_attribute("aria-pressed", "false")


@sizes
@languages
def test_a_ticket_shows_what_where_and_why(open_page: Open, size: str, language: str) -> None:
    page = open_page(f"/tickets/1?lang={language}", size=size)
    expect(page.locator(".forecast .figure")).to_have_text("72%")
    expect(page.locator(".reason-chart[data-drawn=done]")).to_have_count(2)
    assert min(inked(page, ".reason-chart canvas")) > 500
    assert fits(page)


def test_a_technician_accepts_resolves_and_closes_a_ticket_with_a_thumb(
    open_page: Open, conn: psycopg.Connection
) -> None:
    page = open_page("/tickets/1", size="phone")
    page.locator("#accept-actor").fill("王建国")
    _tap_until(page, page.locator(".thumb-bar button"), state="accepted")
    page.locator(".thumb-bar a").tap()
    page.get_by_label("已磨损").check()
    page.get_by_label("更换").check()
    expect(page.locator(".thumb-bar")).to_be_hidden()
    page.locator("#resolve-note").fill("皮带磨损，已更换")
    _tap_until(page, page.get_by_role("button", name="提交处理结果"), state="resolved")
    expect(page.locator(".log")).to_contain_text("皮带磨损，已更换")
    _tap_until(page, page.get_by_role("button", name="关闭工单"), state="closed")
    assert "/tickets/1#" in page.url
    row = conn.execute("SELECT assignee, finding FROM ticket WHERE id = 1").fetchone()
    assert row == ("王建国", "worn")
    repair = conn.execute("SELECT component, action, cause FROM repair WHERE ticket_id = 1").fetchone()
    assert repair == ("door_operator", "replace", "preventive")


def _tap_until(page: Page, button: Locator, *, state: str) -> None:
    """Tap until the ticket is in `state`: on a busy machine the browser can take a tap for a long press, which does
    nothing, and a thumb tries again."""
    reached = page.locator(f"#ticket[data-state={state}]")
    for _ in range(5):
        button.tap()
        with suppress(PlaywrightTimeout):
            reached.wait_for(state="attached", timeout=4_000)
            return
    expect(reached).to_be_attached()


def test_a_ticket_is_accepted_without_javascript(open_page: Open) -> None:
    page = open_page("/tickets/1", java_script_enabled=False)
    page.locator("#accept-actor").fill("李强")
    page.get_by_role("button", name="接单").first.click()
    expect(page.locator("#ticket")).to_have_attribute("data-state", "accepted")


@pytest.mark.parametrize("path", ["/c/jinxiu", "/c/jinxiu/tickets"])
def test_a_ticket_that_opens_appears_by_itself(open_page: Open, conn: psycopg.Connection, path: str) -> None:
    page = open_page(path)
    expect(page.get_by_text("2 号电梯：异响")).to_have_count(0)
    page.wait_for_timeout(300)
    _tell_until(page, conn)
    expect(page.get_by_text("7 号电梯", exact=False).first).to_be_visible()


def _tell_until(page: Page, conn: psycopg.Connection) -> None:
    """Reports a noise; repeats the notification as long as the page's stream may not have begun."""
    from jinxiu import UNTIL  # noqa: PLC0415

    report(conn, asset="jinxiu:lift-07", category="noise", text="有异响", now=UNTIL)
    for _ in range(20):
        notify(conn, "jinxiu", "ticket", id=1)
        page.wait_for_timeout(250)
        if page.get_by_text("7 号电梯", exact=False).count():
            return


def test_a_ticket_that_somebody_else_accepts_changes_on_the_screen_but_not_under_the_pen(
    open_page: Open, conn: psycopg.Connection
) -> None:
    reading, writing = open_page("/tickets/5"), open_page("/tickets/5")
    writing.get_by_text("添加备注").click()
    writing.locator("#note-text").fill("正在写")
    reading.wait_for_timeout(300)
    for page in (reading, writing):
        assert page.locator("#ticket").get_attribute("data-state") == "new"
    reading.request.post("/api/v1/tickets/5/accept", data={"actor": "wang"})
    for _ in range(20):
        notify(conn, "jinxiu", "ticket", id=5)
        reading.wait_for_timeout(250)
        if reading.locator("#ticket[data-state=accepted]").count():
            break
    expect(reading.locator("#ticket")).to_have_attribute("data-state", "accepted")
    expect(writing.locator("#ticket-note")).to_be_visible()
    assert writing.locator("#note-text").input_value() == "正在写"


def test_more_assets_are_fetched_into_the_list(open_page: Open) -> None:
    page = open_page("/c/jinxiu/assets")
    rows = page.locator(".asset-line")
    expect(rows).to_have_count(60)
    page.get_by_role("link", name="更多").click()
    expect(rows).to_have_count(120)


def test_the_other_language_is_one_tap_away_and_stays(open_page: Open) -> None:
    page = open_page("/c/jinxiu/tickets?state=all", size="phone")
    page.get_by_text("English").tap()
    expect(page.locator("h1")).to_have_text("Tickets")
    assert "state=all" in page.url
    page.locator(".tabs a").first.tap()
    expect(page.locator("#part-tickets h2")).to_have_text("Newest tickets")


def test_dark_pages_are_dark(open_page: Open) -> None:
    page = open_page(LIFT, color_scheme="dark")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(15, 20, 18)"
    expect(page.locator("#axis-charts")).to_have_attribute("data-drawn", "5")


@sizes
def test_everything_that_is_touched_is_large_enough(open_page: Open, size: str) -> None:
    page = open_page("/tickets/2", size=size)
    least = 44 if size == "phone" else 36
    small = page.evaluate(
        """least => [...document.querySelectorAll('.button, .choice, .field input, select, summary')]
            .filter(each => each.offsetParent && each.getBoundingClientRect().height < least)
            .map(each => each.outerHTML.slice(0, 80))""",
        least,
    )
    assert small == []
