"""The sandbox's page in a real browser."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest
from axe_playwright_python.sync_playwright import Axe
from chromium import chromium
from common import ROOT
from PIL import Image
from playwright.sync_api import Browser, ConsoleMessage, Page, Route, expect
from sandbox.demo import batch, send  # type: ignore[import-not-found]  # on the path of pytest alone

from mparticle_ext import AppEvent, Batch, DataPlan, EventsApi, UserIdentities
from mparticle_ext.sandbox import Sandbox

pytestmark = pytest.mark.slow

KEYS = ("sandbox-key", "sandbox-secret")
WIDE, NARROW = (1280, 800), (360, 740)
PICTURE = ROOT / "tests" / "sandbox" / "page.png"
MAX_PICTURE_BYTES = 150_000


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as running:
        yield running


@pytest.fixture
def page(browser: Browser, sandbox: Sandbox) -> Iterator[Page]:
    opened = OpenPage(browser, sandbox)
    yield opened.open()
    opened.close()


class OpenPage:
    """Opens the page of a sandbox. Fails at the end if the console has a message."""

    def __init__(self, browser: Browser, sandbox: Sandbox) -> None:
        self._browser, self._sandbox = browser, sandbox
        self.messages: list[str] = []

    def open(self, size: tuple[int, int] = WIDE, **settings: Any) -> Page:
        self._context = self._browser.new_context(viewport={"width": size[0], "height": size[1]}, **settings)
        page = self._context.new_page()
        page.set_default_timeout(30_000)
        page.on("console", self._on_message)
        page.on("pageerror", lambda error: self.messages.append(str(error)))
        page.goto(self._sandbox.page_url)
        expect(page.locator("#live")).to_have_text("Live", timeout=30_000)
        return page

    def _on_message(self, message: ConsoleMessage) -> None:
        if "net::ERR" not in message.text:  # some tests stop the sandbox
            self.messages.append(message.text)

    def close(self) -> None:
        self._context.close()
        assert self.messages == []


def post(sandbox: Sandbox, body: Any, path: str = "/events", **headers: str) -> int:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return httpx.post(sandbox.url + path, content=content, auth=KEYS, headers=headers).status_code


def rows(page: Page) -> Any:
    return page.locator("[role=option]")


def focused(page: Page) -> str:
    return str(
        page.evaluate("document.activeElement.id || document.activeElement.name || document.activeElement.className")
    )


def test_the_example_of_the_empty_page_works(page: Page, sandbox: Sandbox) -> None:
    expect(page.locator("#empty")).to_contain_text("No batch received yet")
    names: dict[str, Any] = {}
    exec(page.locator("#example").inner_text(), names)  # noqa: S102  # the page's own example
    names["api"].close()
    expect(rows(page)).to_have_count(1)
    expect(page.locator("#empty")).to_be_hidden()
    assert sandbox.events(AppEvent)[0].event_name == "Hello World"


def test_new_batches_appear_at_the_top(page: Page, sandbox: Sandbox) -> None:
    post(sandbox, batch(1))
    expect(rows(page)).to_have_count(1)
    post(sandbox, [batch(2), {"environment": "prod"}, batch(2)], "/bulkevents")
    sandbox.fail(503)
    post(sandbox, batch(3))
    expect(rows(page)).to_have_count(5)
    positions = [row.get_attribute("aria-posinset") for row in rows(page).all()]
    assert positions == ["1", "2", "3", "4", "5"]  # screen readers follow this order
    first = rows(page).first
    expect(first).to_contain_text("503 refused")
    expect(first).to_contain_text("injected fault: status 503")
    expect(page.locator(".row.dropped", has_text="was taken before")).to_have_count(1)
    expect(page.locator(".row.dropped code", has_text="environment")).to_have_count(1)
    expect(page.locator("#counts")).to_have_text("2 taken · 2 dropped · 1 refused")
    taken = page.locator(".row.taken", has_text=str(batch(1)["user_identities"]["customer_id"]))
    expect(taken).to_contain_text("production")
    expect(taken).to_contain_text("add_to_cartcommerce_event")


def test_the_filter(page: Page, sandbox: Sandbox) -> None:
    for number in range(14):
        post(sandbox, batch(number))
    post(sandbox, {"environment": "prod"})
    expect(rows(page)).to_have_count(15)
    page.get_by_placeholder("Identity or event name").fill("GRACE@")
    expect(rows(page)).to_have_count(2)
    expect(page.locator("#counts")).to_contain_text("2 shown of 14 taken")
    page.get_by_placeholder("Identity or event name").fill("hello w")
    expect(rows(page)).to_have_count(2)
    page.get_by_placeholder("Identity or event name").fill("")
    page.get_by_label("Environment").select_option("development")
    expect(rows(page)).to_have_count(3)
    page.get_by_label("Event type").select_option("push_message")
    expect(rows(page)).to_have_count(0)
    page.get_by_role("button", name="Clear the filter").click()
    expect(rows(page)).to_have_count(15)
    page.get_by_role("button", name="Refused or dropped").click()
    expect(rows(page)).to_have_count(1)
    expect(rows(page)).to_contain_text("environment")
    post(sandbox, batch(20))
    post(sandbox, {"environment": "prod"})
    expect(rows(page)).to_have_count(2)  # it applies to new rows, too


def test_the_details(page: Page, sandbox: Sandbox) -> None:
    post(sandbox, [batch(0), batch(1)], "/bulkevents", x_tenant="7")
    page.locator("[role=option]", has_text="Search").click()
    details = page.locator("#details")
    expect(details.locator(".tree")).to_contain_text("7346244611012968789")  # all digits
    details.get_by_label("Search the JSON").fill("words")
    expect(details.locator("output")).to_have_text("1 of 1")
    expect(details.locator(".current")).to_contain_text('words: "green tea"')
    details.get_by_label("Search the JSON").fill("e")
    expect(details.locator("output")).to_have_text(re.compile(r"1 of \d\d"))
    details.get_by_label("Search the JSON").press("Enter")
    expect(details.locator("output")).to_have_text(re.compile(r"2 of \d\d"))
    details.get_by_label("Search the JSON").press("Shift+Enter")
    details.get_by_label("Search the JSON").press("Shift+Enter")
    expect(details.locator("output")).to_have_text(re.compile(r"(\d\d) of \1"))
    details.get_by_label("Search the JSON").fill("without a match")
    expect(details.locator("output")).to_have_text("none")
    details.get_by_role("button", name="Fold", exact=True).click()
    expect(details.get_by_text("words: ")).to_be_hidden()
    details.get_by_role("button", name="Unfold").click()
    expect(details.get_by_text("words: ")).to_be_visible()
    details.get_by_role("tab", name="Request").click()
    expect(details).to_contain_text("POST /v2/bulkevents")
    expect(details).to_contain_text("number 1 in the request")
    expect(details).to_contain_text("x_tenant7")
    assert "Basic" not in details.inner_text()
    details.get_by_role("tab", name="Limits").click()
    expect(details).to_contain_text("2 of 100")


def test_details_stay_closed_if_closed_during_a_fetch(page: Page, sandbox: Sandbox) -> None:
    for number in range(2):
        post(sandbox, batch(number))
    expect(rows(page)).to_have_count(2)
    rows(page).first.click()
    expect(page.locator(".split")).to_have_count(1)
    held: list[Route] = []
    page.route("**/live/rows/1", lambda route: held.append(route), times=1)
    with page.expect_request("**/live/rows/1"):
        page.locator("#list").press("ArrowDown")
    page.keyboard.press("Escape")
    expect(page.locator(".split")).to_have_count(0)
    with page.expect_response("**/live/rows/1") as answered:
        held[0].continue_()
    answered.value.finished()
    page.evaluate(
        "fetch('/live/rows/1').then((answer) => answer.json())"
    )  # now the page has processed the first response, too
    expect(page.locator(".split")).to_have_count(0)
    expect(page.locator("#details")).to_be_hidden()


def test_the_details_of_an_invalid_batch_mark_the_error(page: Page, sandbox: Sandbox) -> None:
    bad = {"environment": "production", "events": [{"event_type": "screen_view", "data": {"activity_type": "x"}}]}
    post(sandbox, bad)
    rows(page).click()
    expect(page.locator("#details .problem code")).to_have_text("events[0].data.screen_name")
    expect(page.locator("#details .error-node > summary")).to_contain_text("data")
    post(sandbox, b'{"environment": ')
    rows(page).first.click()
    page.locator("[role=option]", has_text="JSON").click()
    expect(page.locator("#details pre")).to_have_text('{"environment": ')


def test_injecting_an_error_status(page: Page, sandbox: Sandbox) -> None:
    page.get_by_role("button", name="Inject faults").click()
    form = page.locator("#fail")
    form.get_by_label("Status").select_option("429")
    form.get_by_label("Requests").fill("2")
    form.get_by_label("Retry-After").fill("7")
    form.get_by_role("button", name="Add").click()
    faults = page.locator("#active-faults li")
    expect(faults).to_have_text(re.compile("Next 2 requests: status 429"))
    assert post(sandbox, batch(0)) == 429
    expect(faults).to_have_text(re.compile("Next request: status 429"))
    faults.get_by_role("button").click()
    expect(faults).to_have_count(0)
    assert post(sandbox, batch(0)) == 202


def test_closed_connections_latency_and_rate_limit(page: Page, sandbox: Sandbox) -> None:
    page.get_by_role("button", name="Inject faults").click()
    page.get_by_label("When").select_option("taken")
    page.locator("#drop").get_by_role("button", name="Add").click()
    faults = page.locator("#active-faults li")
    expect(faults).to_contain_text("batches taken, then connection closed")
    with pytest.raises(httpx.RemoteProtocolError):
        post(sandbox, batch(0))
    expect(page.locator(".row.taken")).to_contain_text("closed taken")
    page.get_by_label("Latency, ms").fill("50")
    page.get_by_label("Batches per second").fill("0.1")
    page.locator("#settings").get_by_role("button", name="Set").click()
    expect(faults).to_have_count(2)
    assert (sandbox.latency, sandbox.rate_limit) == (0.05, 0.1)
    assert [post(sandbox, batch(number)) for number in (1, 2)] == [202, 429]
    expect(page.locator(".row.refused")).to_contain_text("more than 0.1 batches per second")
    for setting in ("latency", "rate limit"):
        page.get_by_role("button", name=f"Remove: {setting}").click()
    expect(faults).to_have_count(0)
    assert (sandbox.latency, sandbox.rate_limit) == (0, None)
    sandbox.latency = 0.25  # from code
    expect(page.get_by_label("Latency, ms")).to_have_value("250")


def test_clear_and_download(page: Page, sandbox: Sandbox, tmp_path: Path) -> None:
    for number in range(3):
        post(sandbox, batch(number))
    expect(rows(page)).to_have_count(3)
    with page.expect_download() as download:
        page.get_by_role("link", name="Download").click()
    assert download.value.suggested_filename == "batches.ndjson"
    download.value.save_as(tmp_path / "batches.ndjson")
    lines = (tmp_path / "batches.ndjson").read_text().splitlines()
    assert [json.loads(line) for line in lines] == [batch(number) for number in range(3)]
    page.get_by_role("button", name="Clear").click()
    expect(rows(page)).to_have_count(0)
    expect(page.locator("#empty")).to_be_visible()
    assert sandbox.batches == []


def test_the_keyboard(page: Page, sandbox: Sandbox) -> None:
    for number in range(30):
        post(sandbox, batch(number))
    expect(page.locator("#counts")).to_contain_text("30 taken")
    page.keyboard.press("/")
    assert focused(page) == "text"
    page.keyboard.type("example.com")
    page.keyboard.press("Enter")
    assert focused(page) == "list"
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    expect(page.locator(".row[aria-selected=true]")).to_have_attribute("aria-posinset", "2")
    page.keyboard.press("Enter")
    expect(page.locator("#details")).to_contain_text("shop-28")
    page.keyboard.press("ArrowUp")  # open details follow the selection
    expect(page.locator("#details")).to_contain_text("shop-29")
    page.keyboard.press("End")
    expect(page.locator("#details")).to_contain_text('"shop-0"')
    expect(page.locator(".row[aria-selected=true]")).to_be_in_viewport()
    page.keyboard.press("Escape")
    expect(page.locator("#details")).to_be_hidden()
    assert focused(page) == "list"
    page.keyboard.press("Home")
    expect(page.locator(".row[aria-selected=true]")).to_have_attribute("aria-posinset", "1")
    page.get_by_role("button", name="Inject faults").focus()
    page.keyboard.press("Enter")
    assert focused(page) == "status"
    page.keyboard.press("Escape")
    expect(page.locator("#faults")).to_be_hidden()
    assert focused(page) == "faults-toggle"
    assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"


NASTY = (
    "<img src=x onerror=window.ran=1><script>window.ran=1</script>\"'><svg/onload=window.ran=1>javascript:window.ran=1"
)


def test_data_of_a_batch_is_never_run(page: Page, sandbox: Sandbox) -> None:
    page.evaluate("addEventListener('securitypolicyviolation', (event) => console.error(event.violatedDirective))")
    custom = {"event_type": "custom_event", "data": {"custom_event_type": "other", "event_name": NASTY, "custom_attributes": {NASTY: NASTY}}}  # fmt: skip
    good = {
        "environment": "production",
        "source_request_id": NASTY,
        "user_identities": {"customer_id": NASTY},
        "user_attributes": {NASTY: [NASTY]},
        "events": [custom],
    }
    refused: list[Any] = [
        {NASTY: 1},
        {"environment": NASTY},
        {**good, "events": [{"event_type": NASTY}]},
        NASTY.encode(),
        [NASTY],
    ]
    for body in (good, good, *refused):
        post(sandbox, body, x_nasty=NASTY)
    httpx.post(f"{sandbox.url}/{NASTY}", auth=KEYS)
    expect(rows(page)).to_have_count(8)
    for index in range(8):
        rows(page).nth(index).click()
        for tab in ("Request", "Limits", "JSON"):
            page.get_by_role("tab", name=tab).click()
        page.get_by_label("Search the JSON").or_(page.locator("#details .panel:visible")).first.wait_for()
    page.locator(".row.taken").click()
    page.get_by_role("button", name="Unfold").click()
    expect(page.locator("#details h2")).to_contain_text(NASTY)
    expect(page.locator("#details .tree")).to_contain_text(json.dumps(NASTY))
    page.get_by_label("Search the JSON").fill("<img")
    expect(page.locator("#details output")).to_have_text(re.compile("1 of"))
    page.get_by_role("tab", name="Request").click()
    expect(page.locator("#details")).to_contain_text(NASTY)
    assert page.locator("img, script:not([src='/page/app.js'])").count() == 0
    assert page.evaluate("window.ran") is None


def test_ten_thousand_rows(page: Page, sandbox: Sandbox) -> None:
    with EventsApi(replace(sandbox.configuration, max_in_flight=1)) as api:
        users = (UserIdentities(customer_id=f"user {number}") for number in range(10_000))
        result = api.upload_all(Batch("production", user_identities=user) for user in users)
    assert result.delivered == 10_000
    expect(page.locator("#counts")).to_have_text("10,000 taken · 0 dropped · 0 refused", timeout=60_000)
    expect(rows(page).first).to_have_attribute("aria-setsize", "10000", timeout=60_000)
    assert rows(page).count() < 60
    page.locator("#list").focus()
    page.keyboard.press("End")
    last = page.locator("[aria-posinset='10000']")
    expect(last).to_be_in_viewport()
    expect(last).to_contain_text("user 0")
    assert page.evaluate("document.querySelectorAll('*').length") < 1_000
    page.get_by_placeholder("Identity or event name").fill("user 4999")
    expect(rows(page)).to_have_count(1)


def test_new_batches_do_not_move_the_rows_in_view(page: Page, sandbox: Sandbox) -> None:
    for number in range(60):
        post(sandbox, batch(number))
    expect(rows(page).first).to_have_attribute("aria-setsize", "60")
    page.locator("#list").evaluate("(list) => { list.scrollTop = 800 }")
    position = page.locator("#row-30").bounding_box()
    post(sandbox, batch(60))
    post(sandbox, batch(61))
    expect(page.locator("#newer")).to_have_text("↑ 2 newer")
    assert page.locator("#row-30").bounding_box() == position
    page.locator("#newer").click()
    expect(page.locator("#newer")).to_be_hidden()
    expect(page.locator("#row-62")).to_be_in_viewport()


def test_another_sandbox_at_the_same_address(browser: Browser) -> None:
    first = Sandbox().start()
    port = httpx.URL(first.url).port or 0
    opened = OpenPage(browser, first)
    page = opened.open()
    post(first, batch(0))
    expect(rows(page)).to_have_count(1)
    first.stop()
    expect(page.locator("#live")).to_have_text("Reconnecting", timeout=30_000)
    with Sandbox(port=port) as second:
        post(second, batch(1))
        post(second, batch(2))
        expect(page.locator("#live")).to_have_text("Live", timeout=30_000)
        expect(page.locator("#counts")).to_contain_text("2 taken")
        expect(rows(page)).to_have_count(2)
        expect(page.locator(".row", has_text="add_to_cart")).to_have_count(1)
        opened.close()


def test_a_narrow_screen(browser: Browser, sandbox: Sandbox) -> None:
    sandbox.rate_limit = 1_000_000
    send(sandbox)
    opened = OpenPage(browser, sandbox)
    page = opened.open(NARROW)
    expect(rows(page).first).to_be_visible()
    page.get_by_role("button", name="Inject faults").click()
    assert page.evaluate("document.documentElement.scrollWidth") == NARROW[0]
    page.keyboard.press("Escape")
    page.locator(".row.refused").first.click()
    expect(page.locator("#details")).to_be_visible()
    assert focused(page) == "close"
    for tab in ("Request", "Limits", "JSON"):
        page.get_by_role("tab", name=tab).click()
        assert page.evaluate("document.documentElement.scrollWidth") == NARROW[0]
        assert page.locator("#details").evaluate("(panel) => panel.scrollWidth <= panel.clientWidth")
    page.get_by_role("button", name="Close the details").click()
    expect(page.locator("#details")).to_be_hidden()
    opened.close()


@pytest.mark.parametrize(("scheme", "ground"), [("light", "rgb(255, 255, 255)"), ("dark", "rgb(16, 19, 24)")])
def test_accessibility(browser: Browser, sandbox: Sandbox, scheme: Any, ground: str) -> None:
    sandbox.latency = 0.001
    send(sandbox)
    opened = OpenPage(browser, sandbox)
    page = opened.open(color_scheme=scheme)
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == ground
    page.get_by_role("button", name="Inject faults").click()
    for kind in ("taken", "dropped", "refused"):
        page.locator(f".row.{kind}").first.click()
        for tab in ("Request", "Limits", "JSON"):
            page.get_by_role("tab", name=tab).click()
            found = Axe().run(page).response["violations"]
            assert [(one["id"], [node["html"] for node in one["nodes"]]) for one in found] == []
    opened.close()


def test_a_batch_without_an_identity_is_marked(page: Page, sandbox: Sandbox) -> None:
    post(sandbox, {"environment": "production"})
    expect(rows(page).locator(".mark")).to_have_attribute("title", re.compile("^the batch has no identity: "))
    rows(page).click()
    expect(page.locator("#details .warning")).to_contain_text("the batch has no identity: ")
    post(sandbox, batch(1))
    expect(rows(page)).to_have_count(2)
    expect(rows(page).locator(".mark")).to_have_count(1)


def test_the_picture_for_the_readme(
    browser: Browser, sandbox: Sandbox, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    send(sandbox)
    opened = OpenPage(browser, sandbox)
    page = opened.open((1280, 720), device_scale_factor=2)
    page.locator(".row.dropped", has_text="events[0]").click()
    expect(page.locator("#details .error-node")).to_be_visible()
    picture = tmp_path / "page.png"
    page.screenshot(path=picture)
    opened.close()
    Image.open(picture).quantize(96, dither=Image.Dither.NONE).save(picture, optimize=True)
    assert picture.stat().st_size < MAX_PICTURE_BYTES
    if request.config.getoption("--picture"):
        picture.replace(PICTURE)
    with Image.open(PICTURE) as kept:
        assert kept.size == (2560, 1440)


def test_what_is_not_as_the_data_plan_says(browser: Browser) -> None:
    plan = {"data_points": [], "settings": {"validation_actions": {"event": "drop_event"}}}
    with Sandbox(data_plan=DataPlan.load(plan)) as planned:
        for events in ([], [AppEvent("other", "Hello World")]):
            with EventsApi(planned.configuration) as api:
                api.upload_events(Batch("development", events=events, user_identities=UserIdentities(email="a")))
        opened = OpenPage(browser, planned)
        page = opened.open()
        expect(rows(page)).to_have_count(2)
        page.get_by_role("button", name="Not as planned").click()
        expect(rows(page)).to_have_count(1)
        expect(rows(page).get_by_role("img", name="not as planned")).to_have_attribute(
            "title", re.compile(r"^events\[0\]: ")
        )
        rows(page).click()
        violation = page.locator("#details .violation")
        expect(violation).to_contain_text("custom_event 'Hello World' of type other is not planned: add it to the plan")
        expect(violation).to_contain_text("the plan blocks it: mParticle drops the event")
        expect(page.locator("#details .error-node")).to_have_count(1)
        assert not Axe().run(page).response["violations"]
        page.get_by_role("button", name="Not as planned").click()
        expect(rows(page)).to_have_count(2)
        opened.close()


def test_without_a_data_plan_there_is_no_filter_for_it(page: Page) -> None:
    expect(page.locator("#violations")).to_be_hidden()
