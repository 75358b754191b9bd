"""Pieces of Markdown."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

Pages = dict[str, str]
"""The Markdown of pages, by their path from the top of the site, such as `/reference/batch.md`."""

_BESIDE = """---
hide: [toc]
---

# {title}

<div class="beside" markdown>
<div markdown>

{prose}

</div>
<div class="code" markdown>

{code}

</div>
</div>"""


def page(title: str, *texts: str) -> str:
    """A page of paragraphs."""
    return "\n\n".join([f"# {title}", *texts])


def page_with_code(title: str, prose: Iterable[str], code: Iterable[str]) -> str:
    """A page with code beside prose on a wide screen."""
    return _BESIDE.format(title=title, prose="\n\n".join(prose), code="\n\n".join(code))


def table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table."""
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def fenced(language: str, code: str, title: str = "") -> str:
    """A block of code."""
    named = f' title="{title}"' if title else ""
    return f"```{language}{named}\n{code}\n```"
