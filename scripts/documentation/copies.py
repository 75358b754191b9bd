"""For programs: a Markdown copy of each page beside its HTML, and llms.txt, which lists them."""

from __future__ import annotations

import re
from pathlib import Path

from bs4 import BeautifulSoup, SoupStrainer, Tag
from markdownify import MarkdownConverter

_LEFT_OUT = "a.headerlink, nav, .md-clipboard, .linenos, script, style, .md-source-file, .md-copyright"


def write_copies(site: Path, pages: list[str], title: str, summary: str) -> None:
    """Write `page.md` beside each `page.html`, and `llms.txt` at the top. The pages are paths without a suffix."""
    lines = [f"# {title}", "", f"> {summary}", "", "## Pages", ""]
    converter = MarkdownConverter(
        heading_style="ATX", bullets="-", escape_underscores=False, code_language_callback=_language
    )
    for page in pages:
        article = _article(site / f"{page}.html")
        (site / f"{page}.md").write_text(converter.convert_soup(article).strip() + "\n")
        lines.append(f"- [{_heading(article) or title}]({page}.md)")
    (site / "llms.txt").write_text("\n".join(lines) + "\n")


def _article(page: Path) -> Tag:
    """The content of a page, with links to the copies of other pages."""
    article = BeautifulSoup(page.read_text(), "html.parser", parse_only=SoupStrainer("article")).find("article")
    assert isinstance(article, Tag), page  # noqa: S101  # the theme puts the content there
    for element in article.select(_LEFT_OUT):
        element.decompose()
    for link in article.select("a[href]"):
        link["href"] = re.sub(r"^([^:]*)\.html", r"\1.md", str(link["href"]))
    return article


def _heading(article: Tag) -> str:
    heading = article.find("h1")
    return heading.get_text(" ", strip=True) if isinstance(heading, Tag) else ""


def _language(block: Tag) -> str:
    """The language of a code block, which the element around it has as a class."""
    names = [name for parent in block.parents if isinstance(parent, Tag) for name in parent.get("class") or ()]
    return next((name.removeprefix("language-") for name in names if name.startswith("language-")), "")
