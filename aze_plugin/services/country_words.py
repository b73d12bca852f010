"""What several parts of the country report say: percentages, classes, categories, countries, lists that are cut."""

from __future__ import annotations

from collections.abc import Sequence

from qgis.PyQt.QtCore import QCoreApplication

from ..domain import national
from ..domain.coverage import COMPLETE, NONE, NOT_ASSESSED, PARTIAL
from . import figures, vocabulary
from .countryreport import Gathered
from .reporting.story import Story
from .wording import text

KINDS = (COMPLETE, PARTIAL, NONE, NOT_ASSESSED)


def pct(value: float | None) -> str:
    """A percentage as the report writes it; what could not be assessed is said."""
    return QCoreApplication.translate("AzeReports", "not assessed") if value is None else figures.percent(value / 100)


def between(value: float | None, interval: national.Interval | None) -> str:
    """A percentage with its interval, where there is one."""
    if value is None or interval is None:
        return pct(value)
    return f"{pct(value)} ({pct(interval.low)} – {pct(interval.high)})"


def class_word(cover_class: str) -> str:
    """A class of cover in words."""
    translate = QCoreApplication.translate
    return {
        COMPLETE: translate("AzeReports", "completely protected"),
        PARTIAL: translate("AzeReports", "partly protected"),
        NONE: translate("AzeReports", "unprotected"),
        NOT_ASSESSED: translate("AzeReports", "not assessed"),
    }[cover_class]


def category_word(code: str) -> str:
    """A Red List category in words with its code."""
    if not code:
        return QCoreApplication.translate("AzeReports", "Category not given")
    return f"{vocabulary.word('category', code)} ({code})"


def country_word(gathered: Gathered, code: str) -> str:
    """A country in words with its code."""
    name = gathered.country_name(code)
    if not code:
        return QCoreApplication.translate("AzeReports", "Country not known")
    if code == "---":
        return QCoreApplication.translate("AzeReports", "High seas")
    return name if name == code else f"{name} ({code})"


def place_text(place: tuple[float, float] | None) -> str:
    """Latitude and longitude."""
    if place is None:
        return "–"
    lon, lat = place
    # No comma between them: in many languages it stands within them.
    return f"{figures.number(lat, 4)} / {figures.number(lon, 4)}"


def cut(story: Story, rows: Sequence, most: int) -> None:
    """Say that a list was cut, where it was."""
    if len(rows) > most:
        story.paragraph(text("report.list_cut", {"shown": most, "total": len(rows)}), quiet=True)
