"""The page that checks a batch in the browser: built alone, served from this machine, in a real browser."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from chromium import chromium
from command import run
from playwright.sync_api import Browser, Page, expect
from site_builder import built_site

pytestmark = pytest.mark.slow

LOAD_MS = 120_000  # Python in the browser, on a busy machine
WIDE, NARROW = (1280, 800), (360, 740)
BAD = """{
  "environment": "prod",
  "events": [
    {"event_type": "custom_event", "data": {"custom_event_type": "other", "event_nam": "a"}},
    {"event_type": "screen_view", "data": {"screen_name": 7}}
  ],
  "user_attributes": {"a": {}}
}
"""


class Handler(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # its name there
        """Print nothing."""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The documentation site."""
    if shutil.which("npm") is None:
        pytest.fail("npm is missing") if os.environ.get("CI") else pytest.skip("npm is missing: install Node.js")
    return built_site(tmp_path_factory)


@pytest.fixture(scope="module")
def url(site: Path) -> Iterator[str]:
    """The page, in the documentation site."""
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Handler, directory=str(site))) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/playground/"
        server.shutdown()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as running:
        yield running


class Opened:
    """The page in a new context, and what it asked for and said."""

    def __init__(self, browser: Browser, url: str) -> None:
        self.requests: list[str] = []
        self.messages: list[str] = []
        self.context = browser.new_context(viewport={"width": WIDE[0], "height": WIDE[1]})
        self.page = self.context.new_page()
        self.page.on("request", lambda request: self.requests.append(request.url))
        self.page.on("console", lambda message: self.messages.append(message.text))
        self.page.on("pageerror", lambda error: self.messages.append(str(error)))
        self.context.route(lambda address: not address.startswith(url), lambda route: route.abort())
        self.page.goto(url)


@pytest.fixture(scope="module")
def opened(browser: Browser, url: str) -> Iterator[Opened]:
    one = Opened(browser, url)
    yield one
    one.context.close()
    assert one.messages == []
    assert one.requests
    assert [request for request in one.requests if not request.startswith((url, "data:"))] == []


@pytest.fixture
def page(opened: Opened) -> Page:
    opened.page.set_viewport_size({"width": WIDE[0], "height": WIDE[1]})
    expect(opened.page.locator("#example")).to_be_enabled(timeout=LOAD_MS)
    return opened.page


def lines_of(page: Page) -> list[str]:
    """The faults on the page, as the command prints them."""
    return [text.removeprefix("Line ").replace("\n", ": ", 1) for text in page.locator("#faults li").all_inner_texts()]


def test_the_first_example_is_valid_and_its_program_builds_it(page: Page) -> None:
    page.reload()
    expect(page.locator("#example")).to_be_enabled(timeout=LOAD_MS)
    expect(page.locator("#summary")).to_contain_text("1 batch, ")
    expect(page.locator("#summary")).to_contain_text("0 faults")
    program = page.locator("#program").inner_text()
    printed = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout
    assert json.loads(printed) == json.loads(page.locator("#batch").input_value())


def test_a_bad_batch_has_the_messages_of_the_command(page: Page, tmp_path: Path) -> None:
    (tmp_path / "batch.json").write_text(BAD)
    command = run("validate", "batch.json", cwd=tmp_path)
    expected = [line.removeprefix("batch.json:") for line in command.out.splitlines()]
    assert len(expected) == 4
    page.locator("#batch").fill("")
    page.locator("#batch").press_sequentially(BAD)
    expect(page.locator("#faults li")).to_have_count(len(expected))
    assert lines_of(page) == expected
    expect(page.locator("#summary")).to_contain_text(command.err.partition(";")[0])
    expect(page.locator("#code")).to_be_hidden()
    expect(page.locator("#lines .fault")).to_have_text(["2", "4", "5", "7"])


def test_a_fault_selects_its_line(page: Page) -> None:
    page.locator("#batch").fill(BAD)
    page.locator("#faults button", has_text="screen_name").click()
    selected = page.evaluate("batch.value.slice(batch.selectionStart, batch.selectionEnd)")
    assert selected == '    {"event_type": "screen_view", "data": {"screen_name": 7}}'


def test_a_list_lines_and_text_that_is_no_json(page: Page) -> None:
    page.locator("#batch").fill('{"environment": "production"}\n{"environment": "development"}\n')
    expect(page.locator("#summary")).to_contain_text("2 batches, 0 events, 0 faults")
    expect(page.locator("#code")).to_be_hidden()
    page.locator("#batch").fill("<img src=x onerror=alert(1)>")
    expect(page.locator("#faults li")).to_contain_text("is not JSON")
    page.locator("#batch").fill("")
    expect(page.locator("#summary")).to_contain_text("the text has no batch in it")


def test_an_exception_is_shown(browser: Browser, url: str) -> None:
    one = Opened(browser, url)
    program = "def check(text):\n    raise ValueError('oops')\ndef examples():\n    return '{}'\n"
    one.context.route("**/check.py", lambda route: route.fulfill(body=program))
    one.page.reload()
    expect(one.page.locator("#example")).to_be_enabled(timeout=LOAD_MS)
    one.page.locator("#batch").fill("{}")
    expect(one.page.locator("#summary")).to_contain_text("The check failed: ")
    expect(one.page.locator("#summary")).to_contain_text("oops")
    one.context.close()


def test_an_event_type_of_the_list(page: Page) -> None:
    page.locator("#example").select_option("commerce_event")
    expect(page.locator("#program")).to_contain_text("CommerceEvent(")
    assert json.loads(page.locator("#batch").input_value())["events"][0]["event_type"] == "commerce_event"


@pytest.mark.parametrize("size", [WIDE, NARROW])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_accessibility(page: Page, size: tuple[int, int], scheme: str) -> None:
    page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]  # one of two strings
    page.set_viewport_size({"width": size[0], "height": size[1]})
    for text in (BAD, '{"environment": "production"}'):
        page.locator("#batch").fill(text)
        expect(page.locator("#summary")).to_contain_text("4 faults" if text == BAD else " 0 faults")
        found = Axe().run(page)
        assert found.violations_count == 0, found.generate_report()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_read_from_a_folder_it_says_to_use_a_web_server(browser: Browser, site: Path) -> None:
    page = browser.new_page()
    page.goto((site / "playground" / "index.html").as_uri())
    expect(page.locator("#summary")).to_contain_text("open this page through a web server")
    page.close()
