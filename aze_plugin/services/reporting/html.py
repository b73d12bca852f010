"""A page of HTML that needs nothing else: pictures inside, no scripts, no fonts from elsewhere, fit for print on A4.

Everything given as text is escaped; ``Rich`` marks up the few words that need it. Each block says ``dir="auto"``, so
that Arabic or Hebrew names run their own way. A content policy in the head keeps even a careless browser from the net.

    page = Page(title, language="en", subtitle=…)
    page.heading(2, …); page.paragraph(…); page.facts([(label, value), …])
    page.table(["Site", "Cover"], [(Rich("Azea alba", italic=True), "38 %"), …], numbers=(1,), caption=…)
    page.chart(charts.trend(…), caption); page.picture(png, alt, caption)
    files.write_text(path, page.render())
"""

from __future__ import annotations

import base64
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape
from typing import Union
from urllib.parse import urlsplit

_STYLE = """
:root { color-scheme: light; }
html { font: 16px/1.5 system-ui, -apple-system, "Segoe UI", sans-serif; color: #111; background: #fff; }
body { max-width: 62rem; margin: 0 auto; padding: 1.5rem; overflow-wrap: break-word; }
header { border-bottom: 3px solid #00684c; margin-bottom: 1.5rem; padding-bottom: .6rem; }
h1 { font-size: 1.9rem; line-height: 1.2; margin: 0 0 .3rem; }
h2 { font-size: 1.35rem; line-height: 1.25; margin: 2.2rem 0 .5rem; border-bottom: 1px solid #999; }
h3 { font-size: 1.08rem; margin: 1.5rem 0 .4rem; }
h4 { font-size: 1rem; margin: 1.1rem 0 .3rem; }
p { margin: .4rem 0; max-width: 46rem; }
.quiet { color: #555; }
.subtitle { font-size: 1.05rem; color: #444; margin: 0; }
.note { border-inline-start: 4px solid #b35c00; background: #fdf5ea; padding: .5rem .8rem; }
.note.plain { border-color: #777; background: #f4f4f4; }
a { color: #00577f; }
nav ol { columns: 12rem; padding-inline-start: 1.4rem; margin: .4rem 0; }
dl.facts { display: grid; grid-template-columns: repeat(auto-fill, minmax(11rem, 1fr)); gap: .6rem 1.2rem; }
dl.facts div { border-inline-start: 3px solid #00684c; padding-inline-start: .6rem; }
dl.facts dt { font-size: .85rem; color: #444; }
dl.facts dd { margin: 0; font-size: 1.3rem; line-height: 1.3; font-weight: 600; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-size: .9rem; margin: .5rem 0 1rem; }
caption { text-align: start; font-weight: 600; padding: .3rem 0; }
th, td { text-align: start; vertical-align: top; padding: .28rem .7rem .28rem 0; border-bottom: 1px solid #d0d0d0; }
thead th { border-bottom: 2px solid #333; vertical-align: bottom; }
tbody th { font-weight: normal; }
td.number, th.number { text-align: end; font-variant-numeric: tabular-nums; }
td.number { white-space: nowrap; }
figure { margin: 1rem 0; }
figure img, figure svg { max-width: 100%; height: auto; display: block; }
figure.framed img { border: 1px solid #777; }
figcaption { font-size: .88rem; color: #444; margin-top: .3rem; }
footer { margin-top: 2.5rem; border-top: 1px solid #999; padding-top: .5rem; font-size: .85rem; color: #444; }
@page { size: A4; margin: 16mm 15mm 18mm; }
@media print {
  html { font-size: 10pt; }
  body { max-width: none; padding: 0; }
  nav { display: none; }
  thead { display: table-header-group; }
  tr, figure, dl.facts div { break-inside: avoid; }
  h2, h3, h4, caption { break-after: avoid; }
  .wide { overflow: visible; }
  a { color: inherit; text-decoration: none; }
}
"""

# Leave to load nothing at all; what is inside the file may be shown.
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"


# Marks that say which way a text runs that begins with a word of another script, such as a name.
LEFT_TO_RIGHT, RIGHT_TO_LEFT = "\u200e", "\u200f"


@dataclass(frozen=True)
class Rich:
    """A text with one style, or with an address to go to (``http``, ``https`` and ``#place`` only)."""

    text: str
    italic: bool = False
    bold: bool = False
    quiet: bool = False
    link: str = ""


# The class by name: the module typing keeps what it is given, and with a class all of a plugin that was unloaded.
Text = Union[str, "Rich", Sequence[Union[str, "Rich"]]]


def marked(text: Text) -> str:
    """HTML of a text, of a rich one, or of several in a row."""
    if isinstance(text, str):
        return escape(_sound(text)).replace("\n", "<br>")
    if not isinstance(text, Rich):
        return "".join(marked(part) for part in text)
    inner = escape(_sound(text.text)).replace("\n", "<br>")
    if text.italic:
        inner = f"<i>{inner}</i>"
    if text.bold:
        inner = f"<b>{inner}</b>"
    if text.quiet:
        inner = f'<span class="quiet">{inner}</span>'
    if text.link and is_link(text.link):
        inner = f'<a href="{escape(text.link)}" rel="noreferrer">{inner}</a>'
    return inner


def is_link(address: str) -> bool:
    """Whether an address may become a link: of the web, or a place of the page itself."""
    try:
        return address.startswith("#") or urlsplit(address).scheme in ("http", "https")
    except ValueError:
        return False


class Page:
    """One HTML file, put together from top to bottom; ``render`` gives its text, the same for the same calls."""

    def __init__(self, title: str, language: str = "en", subtitle: str = "", contents: str = ""):
        """``contents``: name of a list of the sections (headings of level 2), which is left out where it is empty."""
        self._title, self._language, self._subtitle, self._contents = title, language, subtitle, contents
        self._parts: list[str] = []
        self._sections: list[tuple[str, str]] = []
        self._footer = ""
        self._places = 0

    def heading(self, level: int, text: str) -> str:
        """A heading of level 2 to 4; the place that a link (``#…``) can name."""
        self._places += 1
        place = f"s{self._places}"
        if level == 2:
            self._sections.append((place, text))
        self._parts.append(f'<h{level} id="{place}" dir="auto">{marked(text)}</h{level}>')
        return place

    def paragraph(self, text: Text, quiet: bool = False) -> None:
        """A paragraph."""
        mark = ' class="quiet"' if quiet else ""
        self._parts.append(f'<p{mark} dir="auto">{marked(text)}</p>')

    def note(self, text: Text, plain: bool = False) -> None:
        """A paragraph that stands out: a warning, or with ``plain`` something to know."""
        self._parts.append(f'<p class="note{" plain" if plain else ""}" dir="auto">{marked(text)}</p>')

    def items(self, texts: Iterable[Text]) -> None:
        """A list."""
        entries = "".join(f'<li dir="auto">{marked(text)}</li>' for text in texts)
        if entries:
            self._parts.append(f"<ul>{entries}</ul>")

    def facts(self, facts: Iterable[tuple[str, Text]]) -> None:
        """Labels with large values, side by side."""
        entries = "".join(
            f'<div><dt dir="auto">{marked(label)}</dt><dd dir="auto">{marked(value)}</dd></div>'
            for label, value in facts
        )
        if entries:
            self._parts.append(f'<dl class="facts">{entries}</dl>')

    def table(
        self,
        head: Sequence[str],
        rows: Iterable[Sequence[Text]],
        numbers: Sequence[int] = (),
        caption: str = "",
        row_heads: bool = True,
    ) -> None:
        """A table whose head, which may be empty, is repeated on each printed page.

        ``numbers``: columns set to the right. ``row_heads``: the first column names what its row is about, for
        screen readers.
        """
        rows = list(rows)
        columns = max([len(head), *(len(row) for row in rows)])
        marks = [' class="number"' if n in numbers else "" for n in range(columns)]
        cells = "".join(f'<th scope="col"{m}><bdi>{marked(h)}</bdi></th>' for h, m in zip(head, marks))
        # What may have to be scrolled sideways can be reached by the keyboard.
        out = ['<div class="wide" tabindex="0"><table>']
        if caption:
            out.append(f'<caption dir="auto">{marked(caption)}</caption>')
        out.append(f"<thead><tr>{cells}</tr></thead><tbody>" if head else "<tbody>")
        for row in rows:
            line = []
            for n, (cell, mark) in enumerate(zip(row, marks)):
                tag = 'th scope="row"' if n == 0 and row_heads else "td"
                # Names of any script run their own way, but all begin where the column does.
                line.append(f"<{tag}{mark}><bdi>{marked(cell)}</bdi></{tag[:2]}>")
            out.append(f"<tr>{''.join(line)}</tr>")
        self._parts.append("".join([*out, "</tbody></table></div>"]))

    def chart(self, svg: str, caption: Text = "") -> None:
        """A picture that ``charts`` made, kept as drawing and text."""
        self._figure(svg, caption, "")

    def picture(self, png: bytes, alt: str, caption: Text = "", framed: bool = False) -> None:
        """A PNG, with what it shows in words for those who do not see it."""
        data = base64.b64encode(png).decode("ascii")
        image = f'<img src="data:image/png;base64,{data}" alt="{escape(_sound(alt))}">'
        self._figure(image, caption, ' class="framed"' if framed else "")

    def _figure(self, inner: str, caption: Text, mark: str) -> None:
        below = f'<figcaption dir="auto">{marked(caption)}</figcaption>' if caption else ""
        self._parts.append(f"<figure{mark}>{inner}{below}</figure>")

    def footer(self, text: Text) -> None:
        """What stands at the very end."""
        self._footer = f'<footer dir="auto">{marked(text)}</footer>'

    def render(self) -> str:
        """The whole file."""
        listed = ""
        if self._contents and len(self._sections) > 1:
            entries = "".join(
                f'<li><a href="#{place}" dir="auto">{marked(text)}</a></li>' for place, text in self._sections
            )
            listed = f'<nav aria-label="{escape(_sound(self._contents))}"><ol>{entries}</ol></nav>'
        subtitle = f'<p class="subtitle" dir="auto">{marked(self._subtitle)}</p>' if self._subtitle else ""
        return (
            f'<!DOCTYPE html>\n<html lang="{escape(self._language)}">\n<head>\n<meta charset="utf-8">\n'
            f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">\n'
            '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
            f"<title>{escape(_sound(self._title))}</title>\n<style>{_STYLE}</style>\n</head>\n<body>\n"
            f'<header><h1 dir="auto">{marked(self._title)}</h1>{subtitle}</header>\n{listed}\n<main>\n'
            + "\n".join(self._parts)
            + f"\n</main>\n{self._footer}\n</body>\n</html>\n"
        )


def _sound(text: str) -> str:
    """Text that is fit for a file in UTF-8: lone halves of characters and control characters are left out."""
    return "".join(c for c in str(text) if (c >= " " or c in "\n\t") and not "\ud800" <= c <= "\udfff")
