"""What a report tells, block by block, so that its page of HTML and its PDF say the same.

story = Story()
story.heading(…); story.paragraph(…); story.table(head, rows, widths, numbers, caption); story.chart(svg, caption)
story.into_page(page, {"map": png})     # html.Page
story.into_report(report)               # layout.Report, on the main thread
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from ...domain.progress import Progress
from .charts import size_of
from .html import LEFT_TO_RIGHT, Page, Rich, Text

# Room for what follows a heading, and for a row of a short table, in mm.
_ROOM, _ROW, _SHORT = 22.0, 7.0, 8


@dataclass
class Story:
    """Blocks from top to bottom; texts as ``html.Text``, charts as SVG.

    Sentences run as the report's language does, also where they begin with a name in another script: ``mark`` is put
    before them, ``html.LEFT_TO_RIGHT`` or ``RIGHT_TO_LEFT``.
    """

    mark: str = LEFT_TO_RIGHT
    blocks: list[tuple[str, dict[str, Any]]] = field(default_factory=list)

    def _led(self, text: Text) -> Text:
        return [self.mark, *([text] if isinstance(text, (str, Rich)) else text)]

    def _add(self, kind: str, **values: Any) -> None:
        self.blocks.append((kind, values))

    def heading(self, text: str, level: int = 2) -> None:
        """A heading: 2 for a section, 3 within one."""
        self._add("heading", text=text, level=level)

    def paragraph(self, text: Text, quiet: bool = False, free: bool = False) -> None:
        """A paragraph; ``free``: of a text that is not the report's own, and runs as it begins."""
        self._add("paragraph", text=text if free else self._led(text), quiet=quiet)

    def note(self, text: Text, plain: bool = False) -> None:
        """A paragraph that stands out."""
        self._add("note", text=self._led(text), plain=plain)

    def items(self, texts: Iterable[Text], free: bool = False) -> None:
        """A list; ``free``: of texts that are not the report's own, and run as they begin."""
        self._add("items", texts=[text if free else self._led(text) for text in texts])

    def facts(self, facts: Iterable[tuple[str, Text]]) -> None:
        """Labels with large values."""
        self._add("facts", facts=list(facts))

    def table(
        self,
        head: Sequence[str],
        rows: Iterable[Sequence[Text]],
        widths: Sequence[float],
        numbers: Sequence[int] = (),
        caption: str = "",
    ) -> None:
        """A table; ``widths`` of its columns on paper, in any unit."""
        self._add("table", head=head, rows=list(rows), widths=widths, numbers=numbers, caption=caption)

    def chart(self, svg: str, caption: Text = "") -> None:
        """A drawing of ``charts``."""
        self._add("chart", svg=svg, caption=caption)

    def picture(self, name: str, alt: str, caption: Text = "") -> None:
        """Where the page has the picture of this name; the layout has its own place for it."""
        self._add("picture", name=name, alt=alt, caption=caption)

    def into_page(self, page: Page, pictures: Mapping[str, bytes]) -> None:
        """Write all into a page of HTML; ``pictures``: PNGs by name, those that are missing are left out."""
        for kind, values in self.blocks:
            if kind == "heading":
                page.heading(values["level"], values["text"])
            elif kind == "table":
                page.table(values["head"], values["rows"], values["numbers"], values["caption"])
            elif kind == "picture":
                if values["name"] in pictures:
                    page.picture(pictures[values["name"]], values["alt"], values["caption"], framed=True)
            else:
                getattr(page, kind)(**values)

    def into_report(self, report) -> None:
        """Let all flow through a ``layout.Report``."""
        for n in range(len(self.blocks)):
            self._flow(n, report)

    def into_building(self, building, progress: Progress) -> None:
        """Let all flow through a ``layout.Building``, a block a step."""
        for n in range(len(self.blocks)):
            building.step(
                partial(self._flow, n, in_steps=True), progress.part(n / len(self.blocks), (n + 1) / len(self.blocks))
            )

    def _flow(self, n: int, report, in_steps: bool = False) -> None:
        kind, values = self.blocks[n]
        if kind == "heading":
            report.heading(values["text"], values["level"] - 1, _room(self.blocks[n + 1 : n + 2], report.width))
        elif kind == "paragraph":
            report.paragraph(values["text"], values["quiet"])
        elif kind == "note":
            report.paragraph(values["text"])
        elif kind == "items":
            for text in values["texts"]:
                report.paragraph(["• ", *([text] if isinstance(text, (str, Rich)) else text)])
        elif kind == "facts":
            # Two pairs a line, the labels narrow.
            facts = [(label, _strong(value)) for label, value in values["facts"]]
            facts = [*facts, ("", "")] if len(facts) % 2 else facts
            report.table((), [[*one, *other] for one, other in zip(facts[::2], facts[1::2])], (4, 3, 4, 3))
        elif kind == "table":
            if values["caption"]:
                report.heading(values["caption"], 2)
            table = report.begin_table if in_steps else report.table
            table(values["head"], values["rows"], values["widths"], values["numbers"])
        elif kind == "chart":
            report.chart(values["svg"])
            if values["caption"]:
                report.paragraph(values["caption"], quiet=True)


def _room(following: Sequence[tuple[str, dict[str, Any]]], width: float) -> float:
    """How much of what follows a heading has to be on its page, in mm."""
    for kind, values in following:
        if kind == "chart":
            wide, tall = size_of(values["svg"])
            return width * tall / wide + 4
        if kind == "table" and len(values["rows"]) <= _SHORT:
            return _ROW * (len(values["rows"]) + 2)
    return _ROOM


def _strong(value: Text) -> Text:
    return Rich(value, bold=True) if isinstance(value, str) else value
