"""The site in a real browser: from a folder, without a network, on a phone and a desktop, in light and dark."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

import pytest
from axe_playwright_python.sync_playwright import Axe
from chromium import chromium
from playwright.sync_api import Browser, Page, Route, expect
from site_builder import built_site

pytestmark = pytest.mark.slow

PHONE, DESKTOP = (360, 740), (1440, 900)
PAGES = ("index", "reference/events/commerce_event", "api/settings", "api/clients")
Scheme = Literal["light", "dark"]


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return built_site(tmp_path_factory)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as running:
        yield running


@contextmanager
def opened(browser: Browser, size: tuple[int, int], scheme: Scheme = "light") -> Iterator[Page]:
    """A page without a network. Fails at the end if it asked for something, or if the console has an error."""
    context = browser.new_context(viewport={"width": size[0], "height": size[1]}, color_scheme=scheme)
    page, problems = context.new_page(), list[str]()

    def refuse(route: Route) -> None:
        problems.append(route.request.url)
        route.abort()

    context.route(lambda url: not url.startswith(("file:", "data:", "blob:")), refuse)
    page.set_default_timeout(30_000)
    page.on("console", lambda message: problems.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: problems.append(str(error)))
    yield page
    context.close()
    assert problems == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [PHONE, DESKTOP])
def test_every_kind_of_page_is_accessible_and_fits(
    browser: Browser, site: Path, size: tuple[int, int], scheme: Scheme
) -> None:
    with opened(browser, size, scheme) as page:
        for name in PAGES:
            page.goto((site / f"{name}.html").as_uri())
            expect(page.locator("article h1")).to_be_visible()
            found = Axe().run(page, options={"preload": False})  # it would read files, which the browser refuses
            assert found.violations_count == 0, f"{name}\n{found.generate_report()}"
            assert page.evaluate("document.documentElement.scrollWidth") <= size[0], name


def test_the_first_page_fits_one_screen(browser: Browser, site: Path) -> None:
    with opened(browser, DESKTOP) as page:
        page.goto((site / "index.html").as_uri())
        box = page.locator(".cards").bounding_box()
        assert box is not None
        assert box["y"] + box["height"] <= DESKTOP[1]


def test_code_is_beside_prose_on_a_wide_screen_only(browser: Browser, site: Path) -> None:
    tops = {}
    for size in (PHONE, DESKTOP):
        with opened(browser, size) as page:
            page.goto((site / "reference" / "events" / "screen_view.html").as_uri())
            prose, code = (page.locator(f".beside > div:nth-child({n})").bounding_box() for n in (1, 2))
            assert prose is not None
            assert code is not None
            tops[size] = code["y"] - prose["y"]
    assert tops[DESKTOP] < 50 < tops[PHONE]


def test_the_search_works_without_a_server(browser: Browser, site: Path) -> None:
    with opened(browser, DESKTOP) as page:
        page.goto((site / "index.html").as_uri())
        page.get_by_role("button", name="Search").first.click()
        page.locator("input[aria-label='Search']").fill("customer_id")
        first = page.locator("a[href*='?h=']").first
        expect(first).to_contain_text("customer_id", timeout=30_000)
        first.click()
        expect(page).to_have_url(re.compile(r"/reference/parts/UserIdentities\.html.*#customer_id$"))
        expect(page.locator("article h1")).to_contain_text("UserIdentities")
