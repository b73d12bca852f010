"""The report as a page of HTML: nothing in it runs, and nothing in it is fetched.

A page as ``services.reporting.html`` writes it is regular enough to be read tag by tag without a parser that guesses,
as browsers do: whatever is no tag of this form makes the page one that is not ours.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from ...services.reporting.html import is_link
from .examined import Examined

PAGE = "report/report.html"
_BEGIN = "<!DOCTYPE html>\n<html lang="
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"
_PICTURE = "data:image/png;base64,"
_TAG = re.compile(r"<(/?)([a-z][A-Za-z0-9]*)((?: [a-zA-Z][a-zA-Z0-9:-]*=\"[^\"<>]*\"| [a-z]+)*) ?/?>")
_ATTRIBUTE = re.compile(r" ([a-zA-Z][a-zA-Z0-9:-]*)=\"([^\"<>]*)\"")
# What pages and drawings are made of; all of it is as harmless as its attributes.
_TAGS = frozenset(
    """html head meta title style body header h1 h2 h3 h4 nav ol ul li a main p i b span br div table caption thead
    tbody tr th td bdi dl dt dd figure img figcaption footer
    svg g rect line polyline polygon path circle ellipse text tspan desc""".split()  # noqa: SIM905
)
# In a style sheet: whatever fetches, and what could hide it.
_FETCHING = re.compile(r"url\s*\(|@import|expression|\\|src\s*:", re.IGNORECASE)


def page(examined: Examined) -> None:
    """Adds ``html_active`` for a page with anything that runs, fetches or frames; packages before it had none."""
    path = examined.data / PAGE
    if not path.is_file():
        return
    examined.progress.check()
    try:
        content = path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        examined.add("unreadable", f"data/{PAGE}", detail=str(error))
        return
    if not content.startswith(_BEGIN):
        examined.add("kind", f"data/{PAGE}")
        return
    strange = next(_strange(content.partition("\n")[2]), None)
    if strange is not None:
        examined.add("html_active", f"data/{PAGE}", detail=strange[:80])


def _strange(content: str) -> Iterator[str]:
    """What of a page none of ours holds."""
    at, policies, style = 0, 0, -1
    while True:
        at = content.find("<", at)
        if at < 0:
            break
        tag = _TAG.match(content, at)
        if tag is None:
            yield content[at : at + 80]
            return
        closing, name, attributes = tag.groups()
        if name not in _TAGS:
            yield tag[0]
        if name == "style":
            if not closing:
                style = tag.end()
            elif style < 0 or _FETCHING.search(content, style, at):
                yield "style"
            else:
                style = -1
        for key, value in _ATTRIBUTE.findall(attributes):
            if _acts(name, key, value):
                yield tag[0]
            elif key == "http-equiv":
                policies += 1
                if f'content="{_POLICY}"' not in tag[0] or value != "Content-Security-Policy":
                    yield tag[0]
        at = tag.end()
    if style >= 0:
        yield "style"
    if policies != 1:
        yield "Content-Security-Policy"


def _acts(name: str, key: str, value: str) -> bool:
    """Whether an attribute runs or fetches anything."""
    folded = key.lower()
    if folded == "src":
        return not value.startswith(_PICTURE)
    if folded.endswith("href"):
        return not is_link(value)
    return folded.startswith("on") or folded in ("style", "srcset") or folded == "http-equiv" and name != "meta"
